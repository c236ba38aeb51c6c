"""What survived a full collection is looked at no more, and is still freed when it is let go."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import pytest

from web import footprint


@pytest.fixture
def briefly() -> Iterator[None]:
    before = gc.get_threshold()
    footprint.collect_briefly()
    footprint.collect_briefly()
    yield
    gc.set_threshold(*before)
    gc.callbacks.remove(footprint._freeze)
    gc.unfreeze()


class Kept:
    """Something that lives for long."""


@pytest.mark.usefixtures("briefly")
def test_what_survives_is_looked_at_once() -> None:
    kept = Kept()
    before = gc.get_freeze_count()
    gc.collect(1)
    assert gc.get_freeze_count() == before, "a partial collection freezes nothing"
    gc.collect()
    assert gc.get_freeze_count() > before
    assert all(each is not kept for each in gc.get_objects())
    gone = weakref.ref(kept)
    del kept
    assert gone() is None


@pytest.mark.usefixtures("briefly")
def test_new_garbage_is_found_as_ever() -> None:
    gc.collect()
    ring = Kept()
    ring.me = ring  # type: ignore[attr-defined]
    gone = weakref.ref(ring)
    del ring
    gc.collect()
    assert gone() is None
