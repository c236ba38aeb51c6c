"""What the process keeps in memory, and how long it takes to look through it for garbage."""

from __future__ import annotations

import ctypes
import gc
from collections.abc import Mapping
from typing import Any

_OLDEST = 2
"""The generation whose collection is a full one."""
_OFTEN = 3
"""Collections of the generation before it after which one is due: each looks at less then."""


def give_back() -> None:
    """Collect what the start left, keep the rest out of later collections, return free memory.

    The allocator of glibc keeps what was freed unless it is asked; elsewhere only the collecting
    is done.
    """
    gc.collect()
    gc.freeze()
    try:
        ctypes.CDLL(None).malloc_trim(0)
    except (AttributeError, OSError, TypeError):
        return


def collect_briefly() -> None:
    """Look only once at what survives a full collection, since a collection stops the event loop.

    An open socket is a hundred objects: looking at those of a thousand takes 50 ms, at each full
    collection. What is frozen is freed as ever once nothing refers to it; only cycles in it are
    not found any more. Sockets that closed and turns that ended leave none behind, and what else
    is at work in the moment of a full collection is little.
    """
    if _freeze not in gc.callbacks:
        gc.callbacks.append(_freeze)
        young, middle, _ = gc.get_threshold()
        gc.set_threshold(young, middle, _OFTEN)


def _freeze(phase: str, info: Mapping[str, Any]) -> None:
    if phase == "stop" and info["generation"] == _OLDEST:
        gc.freeze()
