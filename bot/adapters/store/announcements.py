"""Who listens to which topic on this server, and how announcements reach them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from typing import TypeVar

from bot.adapters.store.transaction import Announcement
from bot.service.ports.store import Listener, Topic

T = TypeVar("T")
log = logging.getLogger(__name__)


class Announcements:
    """Hands announcements to this server's listeners, on the event loop."""

    def __init__(self) -> None:
        self._listeners: dict[Topic, list[Listener]] = {}

    def listen(self, topic: Topic, listener: Listener) -> Callable[[], None]:
        """Call `listener` for each announcement of `topic`; return how to stop."""
        listeners = self._listeners.setdefault(topic, [])
        listeners.append(listener)

        def stop() -> None:
            if listener in listeners:
                listeners.remove(listener)

        return stop

    def tell(self, announcements: Iterable[Announcement]) -> None:
        """Call the listeners, once for each distinct announcement."""
        for topic, key in announcements:
            for listener in tuple(self._listeners.get(topic, ())):
                try:
                    listener(key)
                except Exception:
                    # It promised not to; the others must hear it all the same.
                    log.exception("a listener for %s failed", topic.value)


def follow(then: Callable[[T], None], result: T) -> None:
    """Call what is to follow a commit; nobody is there whom its error could reach."""
    try:
        then(result)
    except Exception:
        log.exception("what was to follow a commit failed")


def resolve(future: asyncio.Future[object], result: object, error: BaseException | None) -> None:
    """Set a future's result or error, unless its waiter has gone."""
    if future.done():
        return
    if isinstance(error, StopIteration):  # which no future takes
        future.set_exception(RuntimeError("a transaction's function raised StopIteration"))
    elif error is not None:
        future.set_exception(error)
    else:
        future.set_result(result)
