"""What REST answers and frames show of the domain; shapes only, `docs/websocket.md` "Objects"."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from bot.domain import commands

Instant = Annotated[str, Field(json_schema_extra={"format": "date-time"})]
"""RFC 3339 text in UTC."""

Html = Annotated[str, Field(description="Sanitised on the server.")]

DeliveryState = Literal["planned", "sent", "seen", "failed"]


class Shown(BaseModel):
    """Base of what goes out; nothing here is ever read from a client."""

    model_config = ConfigDict(frozen=True)


class Named(Shown):
    """A person as others see them."""

    id: str
    name: str


class Message(Shown):
    """One entry of a conversation; only what the agent writes is Markdown, thus has `html`."""

    seq: int
    session_id: str
    role: Literal["user", "agent", "system"]
    author: Named | None
    channel: str
    text: str
    html: Html | None
    at: Instant
    request_id: str | None
    turn_id: str | None


class Awaited(Shown):
    """An open question of a session: who still has to answer, and until when."""

    request_id: str
    people: list[str]
    until: Instant


class Session(Shown):
    """A conversation with the agent; `cursor` is where its feed stands."""

    id: str
    title: str
    state: Literal["active", "held", "ended"]
    status: Literal["thinking", "asking", "awaiting", "idle"]
    awaiting: list[Awaited]
    created_at: Instant
    last_active_at: Instant
    end_reason: str | None
    cursor: int
    last_seq: int
    mine: bool


class Place(Shown):
    """Where a session lives besides the page: a Slack thread, or a mail thread with `people`.

    One that its owner wants is `opening`, with why it has not come about so far as `error`; or
    `failed`, and can be opened again.
    """

    channel: str
    name: str
    """What it is called there; empty where nobody knows."""
    people: list[str]
    url: str | None
    since: Instant
    state: Literal["open", "opening", "failed"]
    address: str | None
    """Of one that is not open: which of its owner's own is to be written to."""
    error: str | None


class Way(Shown):
    """Where a session can go on too: `address` names the owner there, `refusal` says why not."""

    channel: str
    address: str | None
    name: str
    """What the owner is called there; empty where nobody knows."""
    refusal: str | None


class FormField(Shown):
    """One field of a form; `options` are a select's."""

    name: str
    label: str
    kind: Literal["text", "number", "date", "select", "yes_no"]
    required: bool
    options: list[str]


class Action(Shown):
    """What runs once it is approved; `arguments` is the canonical JSON text that is bound."""

    tool: str
    arguments: str


class Escalation(Shown):
    """Who is asked besides, and from when on; told to the asker alone."""

    at: Instant
    people: list[str]
    done: bool


class Delivery(Shown):
    """How far a question has come on one channel of one person; `at` is when it was sent there."""

    channel: str
    state: DeliveryState
    at: Instant | None


class Responder(Shown):
    """A person who is asked or told; `seen` and `delivery` are told to the asker alone."""

    id: str
    name: str
    part: Literal["decider", "notified"]
    route: Literal["asked", "delegated", "escalated", "away"]
    by: Named | None
    answered: bool
    seen: bool
    delivery: list[Delivery]


class Settlement(Shown):
    """How a question ended: in words, by whom (nobody, when time ran out) and over what."""

    words: str
    by: Named | None
    via: str | None
    at: Instant


class Response(Shown):
    """One answer and what became of it; `agrees` is set on a late one that can be compared."""

    id: str
    by: Named
    words: str
    channel: str
    standing: Literal["decided", "counted", "late", "comment", "changes", "unclear"]
    agrees: bool | None
    in_time: bool
    at: Instant


class Question(Shown):
    """A question as one viewer may see it."""

    id: str
    session_id: str | None
    kind: Literal["approval", "choice", "input", "form"]
    question: str
    question_html: Html
    context: str
    context_html: Html
    options: list[str]
    multiple: bool
    fields: list[FormField]
    rule: Literal["first", "all", "quorum"]
    quorum: int
    needed: int
    veto: bool
    urgent: bool
    risk: Literal["low", "normal", "high"]
    action: Action | None
    state: Literal[
        "pending", "approved", "rejected", "answered", "expired", "cancelled", "superseded"
    ]
    digest: str
    version: int
    asked_at: Instant
    deadline: Instant
    next_reminder_at: Instant | None
    escalations: list[Escalation]
    replaces: str | None
    claimed_by: Named | None
    asker: Named
    recipients: list[Responder]
    for_me: bool
    mine: bool
    answered_by_me: bool
    outcome: Settlement | None
    responses: list[Response]


class Offer(Shown):
    """A session that could be ended to make room."""

    session_id: str
    title: str


class Outcome(Shown):
    """What became of a command; what is not set is null."""

    status: str
    session_id: str | None
    request_id: str | None
    seq: int | None
    text: str | None
    replayed: bool
    offer: list[Offer] | None


def outcome_of(outcome: commands.Outcome) -> Outcome:
    """Return an outcome as it is shown."""
    offer = [Offer(session_id=each.session_id, title=each.title) for each in outcome.offer]
    return Outcome(
        status=outcome.status,
        session_id=outcome.session_id,
        request_id=outcome.request_id,
        seq=outcome.seq,
        text=outcome.text or None,
        replayed=outcome.replayed,
        offer=offer or None,
    )
