"""The fault kit: real servers that are killed, paused and starved while people talk to them."""
