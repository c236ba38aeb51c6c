"""Pure rules: standard library only, no I/O, no asyncio, `now` is an argument."""
