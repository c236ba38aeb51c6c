"""Where a command writes what it exports: the terminal, or a file that appears once it is whole."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from bot.domain.errors import Unavailable


@contextmanager
def output(path: Path | None) -> Iterator[IO[str]]:
    """Open a file that only its owner can read, and which appears once it is whole."""
    if path is None:
        yield sys.stdout
        return
    partial = path.with_name(path.name + ".partial")
    try:
        partial.unlink(missing_ok=True)
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            yield file
        partial.replace(path)
    except OSError as error:
        raise Unavailable(f"{path} cannot be written ({error.strerror}).") from None
    finally:
        if partial.exists():
            partial.unlink()
