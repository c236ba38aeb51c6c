"""Starts the server: `python -m web` reads the settings, serves until SIGTERM, and tells where."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import signal
import sys

from bot.settings import Settings, SettingsError
from web.logs import configure_logging, quiet_baml

SHUTDOWN_SECONDS = 10.0
"""How long requests may take to end after SIGTERM."""

WRONG_SETTINGS = 2
CANNOT_START = 1


def main() -> int:
    """Serve, and return the process's exit code."""
    try:
        settings = Settings.load()
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        return WRONG_SETTINGS
    configure_logging(settings.log_level, settings.log_format)
    quiet_baml()
    # Bytes that are not HTTP come from every port scanner; they are answered with 400 and are no
    # error of ours, nor is their text fit for a log.
    logging.getLogger("aiohttp.server").addFilter(_is_ours)
    return asyncio.run(_serve(settings))


async def _serve(settings: Settings) -> int:
    # Here, so that wrong settings are told at once and not after a second of imports.
    from aiohttp import web

    from bot.domain.errors import HandraiseError
    from web.app import build_app
    from web.footprint import collect_briefly, give_back
    from web.reception import FrontDoor

    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, _stop, loop, stopped)
    runner = FrontDoor(build_app(settings), shutdown_timeout=SHUTDOWN_SECONDS)
    try:
        await runner.setup()
        await web.TCPSite(runner, settings.host, settings.port).start()
    except HandraiseError as error:
        sys.stderr.write(f"{error.message}\n")
        return CANNOT_START
    except OSError as error:
        sys.stderr.write(f"{_cannot_listen(settings, error)}\n")
        return CANNOT_START
    else:
        give_back()
        collect_briefly()
        sys.stdout.write(f"Handraise is at {settings.public_url}\n")
        sys.stdout.flush()
        await stopped.wait()
        return 0
    finally:
        await runner.cleanup()


def _is_ours(record: logging.LogRecord) -> bool:
    from aiohttp.http_exceptions import HttpProcessingError

    error = record.exc_info[1] if record.exc_info else None
    return not isinstance(error, HttpProcessingError)


def _stop(loop: asyncio.AbstractEventLoop, stopped: asyncio.Event) -> None:
    """Begin to stop; a second signal finds the default handler and ends the process at once."""
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.remove_signal_handler(number)
    stopped.set()


def _cannot_listen(settings: Settings, error: OSError) -> str:
    where = f"{settings.host}:{settings.port}"
    if error.errno == errno.EADDRINUSE:
        return f"Something is already listening on {where}: stop it, or set PORT to a free port."
    if error.errno == errno.EACCES:
        return f"This user may not listen on {where}: set PORT to a port above 1023."
    if error.errno == errno.EADDRNOTAVAIL:
        return f"{settings.host} is not an address of this machine: set HOST to one that is."
    return f"Handraise cannot listen on {where}: {error.strerror or type(error).__name__}."


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        sys.exit(main())
