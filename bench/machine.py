"""What the figures were measured on, in one line, and where a measured file may lie."""

from __future__ import annotations

import os
import platform
import sqlite3
import statistics
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

SYNCS = 200
PAGE = b"\0" * 4096


def disk_directory() -> Path:
    """Return a directory below the working directory, since /tmp may be memory."""
    directory = Path.cwd() / "build"
    directory.mkdir(exist_ok=True)
    return directory


def describe() -> str:
    """Return date, cores, load and versions, and what it costs to sync a page to this disk."""
    load = f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"
    return (
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {os.cpu_count()} cores at load {load}, "
        f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, "
        f"fsync of a page {_sync_us():.0f} µs"
    )


def _sync_us() -> float:
    """Return the median time to append a page and sync it, in microseconds."""
    times = []
    with tempfile.NamedTemporaryFile(dir=disk_directory(), buffering=0) as file:
        for _ in range(SYNCS):
            start = time.perf_counter()
            file.write(PAGE)
            os.fsync(file.fileno())
            times.append(time.perf_counter() - start)
    return statistics.median(times) * 1e6
