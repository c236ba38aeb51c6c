"""What must be known to write in a mail thread, as the JSON that bindings, surfaces and posts keep.

Gmail threads by its own id, by References and by an unchanged Subject; all three are kept.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any

REFERENCES = 21
PEOPLE = 20


@dataclass(frozen=True, kw_only=True, slots=True)
class Thread:
    """One mail thread; the last of `references` is the mail that the next one answers."""

    subject: str = ""
    id: str = ""
    """Gmail's own, in the bot's mailbox."""
    references: tuple[str, ...] = ()

    def after(self, *message_ids: str, thread_id: str = "") -> Thread:
        """Return the thread once these mails, the newest last, stand in it too."""
        chain = dict.fromkeys((*self.references, *(each for each in message_ids if each)))
        kept = tuple(chain)
        if len(kept) > REFERENCES:
            kept = (kept[0], *kept[1 - REFERENCES :])
        return replace(self, references=kept, id=thread_id or self.id)

    def fields(self) -> dict[str, Any]:
        """Return it as plain values."""
        return {"subject": self.subject, "id": self.id, "references": list(self.references)}


@dataclass(frozen=True, kw_only=True, slots=True)
class Head:
    """A session's mail thread, as `Binding.head` holds it; `people` are addresses with names."""

    thread: Thread
    people: tuple[tuple[str, str], ...] = ()

    def to_json(self) -> str:
        """Return it as it is kept."""
        return json.dumps({**self.thread.fields(), "people": [list(one) for one in self.people]})

    def names(self, address: str) -> bool:
        """Tell whether somebody takes part, by their folded address."""
        return any(email.casefold() == address for email, _ in self.people)


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """A question's mail thread with one person, as `Surface.landed` holds it."""

    thread: Thread
    settled: bool = False
    """Whether its end was told."""
    reminders: int = 0
    """How many of the question's reminders it has shown."""

    def to_json(self) -> str:
        """Return it as it is kept."""
        fields = self.thread.fields()
        return json.dumps({**fields, "settled": self.settled, "reminders": self.reminders})


def spot_of(thread: Thread) -> str:
    """Return where a mail stands, for an answer to it: `AnswerRequest.spot`."""
    return json.dumps(thread.fields())


def read_thread(text: str | None) -> Thread:
    """Return the thread that was kept; an empty one where there is none."""
    found = _object(text)
    return Thread(
        subject=str(found.get("subject", "")),
        id=str(found.get("id", "")),
        references=tuple(str(each) for each in found.get("references", ())),
    )


def read_head(text: str | None) -> Head:
    """Return a binding's head."""
    people = _object(text).get("people", ())
    return Head(
        thread=read_thread(text), people=tuple((str(email), str(name)) for email, name in people)
    )


def read_shown(text: str | None) -> Shown | None:
    """Return where a question stands; None before its first mail."""
    if not text:
        return None
    found = _object(text)
    return Shown(
        thread=read_thread(text),
        settled=bool(found.get("settled")),
        reminders=int(found.get("reminders", 0)),
    )


def _object(text: str | None) -> dict[str, Any]:
    try:
        found = json.loads(text or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
