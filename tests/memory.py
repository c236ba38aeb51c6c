"""Where tests keep their files and how they keep their objects, so that neither costs them time."""

from __future__ import annotations

import gc
import os
import shutil
import tempfile
from pathlib import Path

SHARED_MEMORY = Path("/dev/shm")
ROOM = 1 << 30
"""Bytes that must be free there; containers are often given 64 MiB."""


def keep_files() -> None:
    """Let temporary files lie in memory where there is room: nothing in them survives a power cut.

    Each commit of SQLite waits for the disk otherwise, which is most of what a flow waits for. Who
    sets `TMPDIR` has their way.
    """
    if "TMPDIR" in os.environ or not os.access(SHARED_MEMORY, os.W_OK):
        return
    if shutil.disk_usage(SHARED_MEMORY).free < ROOM:
        return
    folder = SHARED_MEMORY / f"handraise-tests-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.is_symlink() or folder.stat().st_uid != os.getuid():
        return
    os.environ["TMPDIR"] = str(folder)  # also for the processes that tests start
    tempfile.tempdir = None


def keep_objects() -> None:
    """Leave what was imported and collected out of every collection of garbage, and collect less.

    Hundreds of thousands of objects that never go are looked through again and again otherwise.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
