"""Administration over REST: how channels do, what was given up or set aside, trying again."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field

from bot.domain.commands import CHAT
from bot.domain.errors import Conflict, Invalid, NotFound
from bot.domain.instants import Micros, iso
from bot.domain.journal import Entry
from bot.service.ports.store import Topic, Transaction
from bot.service.redriving import redrive, redrive_post
from bot.settings import Settings
from web.api import channels, models
from web.api.channels import Channel
from web.api.endpoint import Call, endpoint
from web.api.payload import Input
from web.api.sessions import Limit
from web.keys import AGENT, CLOCK, SETTINGS, STORE
from web.views.people import People

TAG = "administration"
Cursor = Annotated[str, Field(max_length=300)]


class PageQuery(Input):
    """Which page; `before` is the `next` of an earlier one."""

    before: Cursor | None = None
    limit: Limit = 50


class Connect(BaseModel):
    """A request whose answer has where to go, as `url` or `authorization_url`."""

    method: str
    path: str


class AdminChannel(Channel):
    """A channel, with what administrators may know besides."""

    details: dict[str, str]
    connect: Connect | None
    """How an administrator's page begins to connect it; null where that is not done by web."""


class AdminChannels(BaseModel):
    """The deployment's channels as this server knows them."""

    channels: list[AdminChannel]


class GivenUpCard(BaseModel):
    """A question that could not be shown somewhere."""

    id: str
    question_id: str
    question: str
    state: str
    """The question's: `pending`, or how it ended."""
    can_retry: bool
    """False where the question has ended and nothing was ever shown there."""
    person: models.Named
    channel: str
    error: str | None
    attempts: int
    asked_at: models.Instant


class GivenUpCards(BaseModel):
    """A page, newest first; `next` is null on the last one."""

    surfaces: list[GivenUpCard]
    next: str | None


class GivenUpPost(BaseModel):
    """Something that could not be said outside; its words are not shown here."""

    id: str
    kind: str
    channel: str
    session_id: str | None
    person: models.Named | None
    error: str | None
    attempts: int
    created_at: models.Instant


class GivenUpPosts(BaseModel):
    """A page, newest first; `next` is null on the last one."""

    posts: list[GivenUpPost]
    next: str | None


class SetAside(BaseModel):
    """Something that came in and could not be dealt with; its words are not shown here."""

    key: str
    kind: str
    error: str | None
    attempts: int
    received_at: models.Instant


class AllSetAside(BaseModel):
    """A page, newest first; `next` is null on the last one."""

    inbox: list[SetAside]
    next: str | None


class Received(Input):
    """One of what was set aside."""

    key: str = Field(max_length=300)


class Tried(BaseModel):
    """What happens now."""

    message: str


@endpoint(
    "GET",
    "/api/admin/channels",
    summary="How the channels do, in detail",
    tag=TAG,
    answer=AdminChannels,
    admin_only=True,
)
async def list_admin_channels(call: Call) -> AdminChannels:
    """Return each channel with what it knows of itself."""
    shown = await channels.channels_of(call)
    outlets = call.app[AGENT].outlets
    return AdminChannels(
        channels=[
            AdminChannel(
                **each.model_dump(),
                details=dict(outlets[each.name].health().details) if each.name in outlets else {},
                connect=_connect(call.app[SETTINGS], each.name),
            )
            for each in shown
        ]
    )


@endpoint(
    "GET",
    "/api/admin/surfaces",
    summary="List questions that could not be shown",
    tag=TAG,
    query=PageQuery,
    answer=GivenUpCards,
    admin_only=True,
)
async def list_admin_surfaces(call: Call) -> GivenUpCards:
    """Return everybody's deliveries of questions that were given up."""
    page: GivenUpCards = await call.app[STORE].read(_cards, call.query.before, call.query.limit)
    return page


@endpoint(
    "POST",
    "/api/admin/surfaces/{id}/redrive",
    summary="Try again to show a question",
    tag=TAG,
    answer=Tried,
    admin_only=True,
    errors=(Conflict, NotFound),
)
async def redrive_admin_surface(call: Call) -> Tried:
    """Have a delivery that was given up tried again."""
    await call.app[STORE].run(_redrive_card, call.path["id"], _now(call), _by(call))
    return Tried(message="It is tried again now.")


@endpoint(
    "GET",
    "/api/admin/posts",
    summary="List what could not be said",
    tag=TAG,
    query=PageQuery,
    answer=GivenUpPosts,
    admin_only=True,
)
async def list_admin_posts(call: Call) -> GivenUpPosts:
    """Return messages and notices that were given up."""
    page: GivenUpPosts = await call.app[STORE].read(_posts, call.query.before, call.query.limit)
    return page


@endpoint(
    "POST",
    "/api/admin/posts/{id}/redrive",
    summary="Try again to say something",
    tag=TAG,
    answer=Tried,
    admin_only=True,
    errors=(Conflict, NotFound),
)
async def redrive_admin_post(call: Call) -> Tried:
    """Have a message or a notice that was given up tried again."""
    await call.app[STORE].run(_redrive_post, call.path["id"], _now(call), _by(call))
    return Tried(message="It is tried again now.")


@endpoint(
    "GET",
    "/api/admin/inbox",
    summary="List what came in and was set aside",
    tag=TAG,
    query=PageQuery,
    answer=AllSetAside,
    admin_only=True,
    errors=(Invalid,),
)
async def list_admin_inbox(call: Call) -> AllSetAside:
    """Return mails and events that could not be dealt with."""
    page: AllSetAside = await call.app[STORE].read(_aside, call.query.before, call.query.limit)
    return page


@endpoint(
    "POST",
    "/api/admin/inbox/retry",
    summary="Deal again with what was set aside",
    tag=TAG,
    body=Received,
    answer=Tried,
    admin_only=True,
    errors=(NotFound,),
)
async def retry_admin_inbox(call: Call) -> Tried:
    """Have what was set aside dealt with again."""
    await call.app[STORE].run(_take_up, call.body.key, _now(call), _by(call))
    return Tried(message="It is dealt with again now.")


@endpoint(
    "POST",
    "/api/admin/inbox/drop",
    summary="Forget what was set aside",
    tag=TAG,
    body=Received,
    answer=Tried,
    admin_only=True,
    errors=(NotFound,),
)
async def drop_admin_inbox(call: Call) -> Tried:
    """Forget one thing that was set aside; it cannot be taken back."""
    await call.app[STORE].run(_drop, call.body.key, _now(call), _by(call))
    return Tried(message="It is forgotten.")


def _connect(settings: Settings, name: str) -> Connect | None:
    by_token = bool(settings.slack_bot_token.get_secret_value())
    if name == "slack" and settings.slack_client_id and not by_token:
        return Connect(method="POST", path="/slack/install")
    # Consent that stands in the environment would win over what is given by web.
    if (
        name == "email"
        and settings.has_gmail
        and not settings.gmail_refresh_token.get_secret_value()
    ):
        return Connect(method="GET", path="/api/channels/gmail/auth")
    return None


def _now(call: Call) -> Micros:
    return call.app[CLOCK].now()


def _by(call: Call) -> str:
    return call.principal.person_id


def _cards(tx: Transaction, before: str | None, limit: int) -> GivenUpCards:
    found, people = tx.administration.failed_surfaces(before, limit + 1), People(tx)
    shown = []
    for surface in found[:limit]:
        request = tx.requests.get(surface.request_id)
        if request is not None:
            shown.append(
                GivenUpCard(
                    id=surface.id,
                    question_id=request.id,
                    question=request.question,
                    state=request.state.value,
                    can_retry=request.is_open or surface.may_have_arrived,
                    person=people.named(surface.person_id),
                    channel=surface.channel,
                    error=surface.last_error,
                    attempts=surface.attempts,
                    asked_at=iso(request.asked_at),
                )
            )
    return GivenUpCards(surfaces=shown, next=found[limit - 1].id if len(found) > limit else None)


def _posts(tx: Transaction, before: str | None, limit: int) -> GivenUpPosts:
    found, people = tx.administration.failed_posts(before, limit + 1), People(tx)
    shown = [
        GivenUpPost(
            id=post.id,
            kind=post.kind.value,
            channel=post.channel,
            session_id=post.session_id,
            person=None if post.person_id is None else people.named(post.person_id),
            error=post.last_error,
            attempts=post.attempts,
            created_at=iso(post.created_at),
        )
        for post in found[:limit]
    ]
    return GivenUpPosts(posts=shown, next=shown[-1].id if len(found) > limit else None)


def _aside(tx: Transaction, before: str | None, limit: int) -> AllSetAside:
    at, _, key = (before or "").partition(":")
    if before is not None and not (at.isascii() and at.isdecimal() and len(at) < 19):
        raise Invalid("before: This is no `next` of an earlier page.")
    found = tx.administration.set_aside(None if before is None else (int(at), key), limit + 1)
    shown = [
        SetAside(
            key=each.key,
            kind=each.kind,
            error=each.last_error,
            attempts=each.attempts,
            received_at=iso(each.received_at),
        )
        for each in found[:limit]
    ]
    last = found[limit - 1] if len(found) > limit else None
    return AllSetAside(inbox=shown, next=None if last is None else f"{last.received_at}:{last.key}")


def _redrive_card(tx: Transaction, id_: str, now: Micros, by: str) -> None:
    redrive(tx, id_, now, by=by, via=CHAT)


def _redrive_post(tx: Transaction, id_: str, now: Micros, by: str) -> None:
    redrive_post(tx, id_, now, by=by, via=CHAT)


def _take_up(tx: Transaction, key: str, now: Micros, by: str) -> None:
    kind = tx.administration.take_up(key, now)
    if kind is None:
        raise NotFound("There is nothing set aside under this key.")
    tx.journal.add(
        Entry(kind="inbox.retried", at=now, person_id=by, channel=CHAT, data={"kind": kind})
    )
    tx.announce(Topic.INBOX, kind)


def _drop(tx: Transaction, key: str, now: Micros, by: str) -> None:
    if not tx.administration.drop_aside(key):
        raise NotFound("There is nothing set aside under this key.")
    tx.journal.add(Entry(kind="inbox.dropped", at=now, person_id=by, channel=CHAT))


ENDPOINTS = (
    list_admin_channels,
    list_admin_surfaces,
    redrive_admin_surface,
    list_admin_posts,
    redrive_admin_post,
    list_admin_inbox,
    retry_admin_inbox,
    drop_admin_inbox,
)
