"""What a transaction can do with the directory: who can be found on a channel, by any name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.domain.instants import Micros


@dataclass(frozen=True, kw_only=True, slots=True)
class Listed:
    """Somebody as a channel tells of them; it makes no person of them yet."""

    kind: str
    """The channel's name."""
    key: str
    """Who they are there, for ever: a Slack team and user, a mail address."""
    name: str
    handle: str = ""
    """What they are called by there, such as `ana` for `@ana`."""
    email: str | None = None
    """Only where the channel has confirmed it, and is trusted to."""
    zone: str | None = None
    is_person: bool = True
    """False for bots, the deactivated, and whoever the channel says is a stranger or a guest."""
    why_not: str = ""
    """Which of these; empty for a person."""
    updated_at: Micros


class DirectoryTable(Protocol):
    """The people of the channels, as last heard."""

    def put(self, listed: Listed) -> None:
        """Keep an entry, in place of the one before."""
        ...

    def get(self, kind: str, key: str) -> Listed | None: ...
    def search(self, name: str, limit: int) -> Sequence[Listed]:
        """Return persons whose handle, name, first name or address is `name`, case-folded.

        Best first: handles and addresses, whole names, then first names.
        """
        ...

    def named(self, kind: str, name: str, limit: int) -> Sequence[Listed]:
        """Return entries of a kind, persons or not, whose name is `name`, case-folded."""
        ...

    def drop(self, kind: str, prefix: str) -> None:
        """Forget entries whose key begins so: a team that has gone."""
        ...
