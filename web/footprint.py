"""Giving back the memory that the start needed and that serving does not."""

from __future__ import annotations

import ctypes
import gc


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
