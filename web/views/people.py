"""The people that one transaction meets: who they are after merges, and how others see them."""

from __future__ import annotations

from bot.service.ports.store import Transaction
from web.api import models


class People:
    """The people that one transaction meets, each loaded once."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._known: dict[str, tuple[str, str]] = {}

    def canonical(self, person_id: str) -> str:
        """Return the id that stands for this human after merges."""
        return self._load(person_id)[0]

    def named(self, person_id: str) -> models.Named:
        """Return a person as others see them."""
        canonical, name = self._load(person_id)
        return models.Named(id=canonical, name=name)

    def _load(self, person_id: str) -> tuple[str, str]:
        known = self._known.get(person_id)
        if known is None:
            person = self._tx.people.get(person_id)
            known = (
                (person_id, "somebody") if person is None else (person.canonical_id, person.name)
            )
            self._known[person_id] = known
        return known
