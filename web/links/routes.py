"""The link pages: a GET shows a question, a person's POST answers it, and nothing else does."""

from __future__ import annotations

from contextlib import suppress

from aiohttp import web
from aiohttp.typedefs import Handler

from bot.domain.commands import Actor, Command, MarkSeen, Outcome
from bot.domain.errors import Conflict, HandraiseError, Invalid, RateLimited
from bot.domain.feedback import Standing
from bot.domain.instants import Micros
from bot.service.cards import Cards
from bot.service.directory import EMAIL
from bot.service.ports.store import Transaction
from web.api.faults import status_of
from web.keys import CLOCK, INTAKE, SETTINGS, STORE, TOKENS
from web.links.gate import POSTS, UNKNOWN, VIEWS, admit, check_sender
from web.links.nonces import FRESH, age_of
from web.links.rendering import closed_page, question_page
from web.links.shown import Shown, Stage, look
from web.links.typed import Typed, preselected, read_typed
from web.links.wording import masked

SIGN_IN = (
    "This question needs more than a link, so nothing was decided. Sign in and answer on its page, "
    "or reply to the mail."
)
MOVED = (
    "The address that this link was sent to is not yours any more, as far as we know, so nothing "
    "was decided. Sign in and answer on the question’s page."
)
AGAIN = (
    "This page was open for a long time, so nothing was sent yet. What you chose and wrote is "
    "still here: look at it once more and press again."
)
ANSWERED = (
    "You have answered already, and nothing was changed. To change your answer, use the form below."
)
DECIDED = "You have answered this already, and it is decided. Nothing was changed."
TWICE = (
    "You had sent another answer from that page before, and nothing was changed. What counts is "
    "shown below; press again if you want something else."
)


def mount(app: web.Application) -> None:
    """Add the pages; HEAD is answered as GET is."""
    app.router.add_get("/f/{token}", _kindly(show))
    app.router.add_post("/f/{token}", _kindly(act))


def _kindly(handler: Handler) -> Handler:
    """Answer refusals with a page: whoever opens a link reads no JSON."""

    async def answer(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except HandraiseError as error:
            return closed_page(
                request,
                status_of(type(error)),
                "That did not work",
                error.message,
                headers=_retry_after(error),
            )

    return answer


async def show(request: web.Request) -> web.Response:
    """Show a question as its reader sees it; scanners open every link, so this changes nothing."""
    await admit(request, VIEWS, "view")
    shown = await _look(request)
    if shown is None:
        return await _nothing(request)
    return question_page(
        request, shown, preselected(request.query.get("choose", ""), shown.request)
    )


async def act(request: web.Request) -> web.Response:
    """Do what a person's press of a button asks for, once for each form that was rendered."""
    check_sender(request)
    await admit(request, POSTS, "post")
    typed = await read_typed(request)
    shown = await _look(request)
    if shown is None:
        return await _nothing(request)
    if shown.stage is Stage.SIGN_IN:
        why = SIGN_IN if shown.proven else MOVED
        return question_page(request, shown, typed, status=403, notice=why)
    now, hash_ = request.app[CLOCK].now(), shown.link.token_hash
    age = age_of(request.app[TOKENS].keyed, hash_, typed.nonce, now)
    key = f"link:{hash_}:{typed.nonce}"
    # What was done under this name before is only told again, however old its form is.
    done = age is not None and await request.app[STORE].read(_is_done, key)
    if not done:
        refusal = _refusal(shown, typed, age)
        if refusal:
            return question_page(request, shown, typed, status=409, notice=refusal)
    try:
        outcome = await request.app[INTAKE].submit(_command(shown, typed, key))
    except HandraiseError as error:
        return await _refused(request, shown, typed, error)
    if outcome.status in (Standing.DECIDED, Standing.COUNTED):
        await request.app[STORE].run(_use, hash_, now)
    return await _done(request, shown, typed, outcome)


def _refusal(shown: Shown, typed: Typed, age: Micros | None) -> str:
    """Return why a form is not taken as it is; empty when it is."""
    if typed.answers and shown.has_answered and not shown.request.is_open:
        return DECIDED
    if age is None or age > FRESH:
        return AGAIN
    if typed.answers and shown.has_answered and not typed.change:
        return ANSWERED
    return ""


def _command(shown: Shown, typed: Typed, key: str) -> Command:
    actor = Actor(
        person_id=shown.link.person_id,
        channel=EMAIL,
        verified=shown.proven,
        through=f"the link sent to {masked(shown.link.address)}",
    )
    return typed.command(shown.request, actor, key)


async def _refused(
    request: web.Request, shown: Shown, typed: Typed, error: HandraiseError
) -> web.Response:
    """Show the question as it stands now, with what was typed and what is wrong with it."""
    again = await _look(request) or shown
    notice, faults = error.message, _faults(shown, typed, error)
    if isinstance(error, Conflict) and error.code == "key_reused":
        notice = TWICE
    elif faults:
        notice = "Nothing was sent yet: see what is marked below."
    return question_page(
        request,
        again,
        typed,
        status=status_of(type(error)),
        notice=notice,
        faults=faults,
        headers=_retry_after(error),
    )


def _faults(shown: Shown, typed: Typed, error: HandraiseError) -> dict[str, str]:
    """Return what is wrong, by the name of the control that it is about."""
    if not isinstance(error, Invalid) or error.code == "no_button":
        return {}
    given = error.details.get("fields")
    named = given if isinstance(given, dict) else {}
    found = {
        f"field-{number}": str(named[each.name])
        for number, each in enumerate(shown.request.fields)
        if each.name in named
    }
    if found:
        return found
    control = {"delegate": "to", "comment": "words", "changes": "words", "words": "words"}
    return {control.get(typed.act, "answer"): error.message}


async def _done(
    request: web.Request, before: Shown, typed: Typed, outcome: Outcome
) -> web.Response:
    """Say what became of it; words that decided nothing stay in their place."""
    shown = await _look(request) or before
    if shown.request.is_open:
        with suppress(HandraiseError):  # it is only noted, and what was asked for is done
            await request.app[INTAKE].submit(
                MarkSeen(
                    external_key=f"link:{shown.link.token_hash}:seen",
                    actor=Actor(person_id=shown.link.person_id, channel=EMAIL),
                    request_id=shown.request.id,
                    version=before.request.version,
                )
            )
    if outcome.status == "unclear":
        kept = Typed(act=typed.act, words=typed.words)
        return question_page(request, shown, kept, notice=outcome.text, sign="warn")
    return question_page(request, shown, Typed(), notice=outcome.text)


async def _look(request: web.Request) -> Shown | None:
    cards = Cards(public_url=request.app[SETTINGS].public_url)
    now = request.app[CLOCK].now()
    shown: Shown | None = await request.app[STORE].read(
        look, request.match_info["token"], cards, now
    )
    return shown


async def _nothing(request: web.Request) -> web.Response:
    """Say that a link opens nothing: the same for each that never did, or does not any more."""
    await admit(request, UNKNOWN, "unknown")
    return closed_page(
        request,
        404,
        "This link opens nothing",
        "It may be incomplete, or what it was about is long over. Open the newest mail about it "
        "once more, or look at your questions on the page.",
    )


def _use(tx: Transaction, token_hash: str, now: Micros) -> None:
    tx.links.use(token_hash, now)


def _is_done(tx: Transaction, key: str) -> bool:
    return tx.receipts.find(key) is not None


def _retry_after(error: HandraiseError) -> dict[str, str]:
    return {"Retry-After": str(error.retry_after)} if isinstance(error, RateLimited) else {}
