"""App Home: what waits for me, what I wait for, my sessions and my settings, within its bounds."""

from __future__ import annotations

from dataclasses import dataclass

from bot.channels.slack import caps
from bot.channels.slack.answers import answer_rows
from bot.channels.slack.blocks import (
    Block,
    actions,
    button,
    confirm,
    context,
    distinct,
    divider,
    header,
    link_button,
    section,
)
from bot.channels.slack.clicks import Act, Click
from bot.channels.slack.escaping import (
    escape,
    escape_line,
    is_linkable,
    link,
    moment,
    name,
    one_line,
)
from bot.channels.slack.settings_modal import Settings, hours_text
from bot.channels.slack.wording import facts, headline, listed
from bot.domain.card import Card
from bot.domain.feedback import Kind, Risk
from bot.domain.instants import Micros

MAX_WAITING = 8
"""Of five blocks each, at the most."""
MAX_ASKED = 8
"""Of three."""
MAX_SESSIONS = 8
"""Of two: with the headings and the settings there are fewer than a hundred."""
SHORT = 600
"""Characters of a question that is shown whole, with its buttons."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Waiting:
    """A question that waits for me; `url` leads to its card on Slack, or to its page."""

    card: Card
    url: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """A question that I wait for; `reached` have it, `silent` have not answered, `late` answered
    when it was over.
    """

    request_id: str
    digest: str
    question: str
    deadline: Micros
    url: str
    reached: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()
    late: tuple[str, ...] = ()
    is_open: bool = True
    may_ask_again: bool = False
    """Whether it came to nothing, so that it can be asked again."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Living:
    """A session of mine; `url` leads to its thread, or to its page."""

    session_id: str
    title: str
    state: str
    url: str


@dataclass(frozen=True, kw_only=True, slots=True)
class HomeView:
    """All that a person's Home shows; the numbers count also what was not read."""

    waiting: tuple[Waiting, ...] = ()
    waiting_count: int = 0
    asked: tuple[Asked, ...] = ()
    asked_count: int = 0
    sessions: tuple[Living, ...] = ()
    sessions_count: int = 0
    settings: Settings
    now: Micros
    url: str
    """The page on which everything is."""


def home(view: HomeView) -> Block:
    """Return the view that `views.publish` takes."""
    blocks = [header("Waiting for you")]
    blocks += [block for one in view.waiting[:MAX_WAITING] for block in _waiting(one)]
    blocks += _rest(view.waiting, view.waiting_count, MAX_WAITING, view.url, "Nothing waits.")
    blocks += [divider(), header("You are waiting for")]
    blocks += [block for one in view.asked[:MAX_ASKED] for block in _asked(one, view)]
    blocks += _rest(view.asked, view.asked_count, MAX_ASKED, view.url, "You wait for nobody.")
    blocks += [divider(), header("Your sessions")]
    blocks += [block for one in view.sessions[:MAX_SESSIONS] for block in _living(one)]
    blocks += _rest(
        view.sessions,
        view.sessions_count,
        MAX_SESSIONS,
        view.url,
        "None is open. Mention me in a channel, or write to me, to begin one.",
    )
    blocks += [divider(), *_settings(view)]
    return {"type": "home", "blocks": distinct(blocks[: caps.VIEW_BLOCKS])}


def _rest(shown: tuple[object, ...], count: int, most: int, url: str, nothing: str) -> list[Block]:
    """Return the line that says how many are left out, or that there are none."""
    left = max(count, len(shown)) - min(len(shown), most)
    if left > 0:
        return [context([f"{left:,} more: {link(url, 'see all of them on the page')}"])]
    return [] if shown else [context([nothing])]


def _waiting(one: Waiting) -> list[Block]:
    """Return a question in at most five blocks: with its buttons where all of it fits here."""
    request = one.card.request
    question = one_line(request.question, SHORT)
    told = section(f"{headline(one.card, None)}\n{escape(question)}")
    small = context(facts(one.card)[:3])
    if _is_short(one.card):
        return [told, small, *answer_rows(one.card, complete=True)[:3]]
    opens = link_button("Open", one.url) or link_button("Open", one.card.url)
    return [told, small, *([actions([opens])] if opens is not None else [])]


def _is_short(card: Card) -> bool:
    """Tell whether Home shows all of a question that an answer would be bound to."""
    request = card.request
    return (
        caps.size(request.question) <= SHORT
        and "\n" not in request.question.strip()
        and not request.context
        and request.action is None
        and request.risk is not Risk.HIGH
        and (request.kind is not Kind.CHOICE or not request.multiple)
    )


def _asked(one: Asked, view: HomeView) -> list[Block]:
    overdue = " :hourglass: *It is over.*" if not one.is_open else ""
    until = moment(one.deadline, view.settings.zone)
    lines = [f"Open until {until}" if one.is_open else f"Was open until {until}"]
    if one.reached:
        lines.append(f"Reached: {listed(one.reached)}")
    if one.silent:
        lines.append(f"Not answered yet: {listed(one.silent)}")
    if one.late:
        lines.append(f"Answered late: {listed(one.late)}")
    buttons = [link_button("Open", one.url)]
    if one.is_open:
        sure = confirm(
            "Take it back?", "Nobody can answer it then.", "Take it back", "Leave it", danger=True
        )
        buttons.append(button("Take back", _bound(Act.CANCEL, one), confirm=sure))
    elif one.may_ask_again:
        buttons.append(button("Ask again", _bound(Act.AGAIN, one)))
    row = [one for one in buttons if one is not None]
    told = section(escape_line(one.question, SHORT) + overdue)
    return [told, context(lines), *([actions(row)] if row else [])]


def _bound(act: Act, one: Asked) -> Click:
    return Click(act=act, subject=one.request_id, digest=one.digest)


def _living(one: Living) -> list[Block]:
    title = escape_line(one.title or "A session without a name", 150)
    opened = f"*{title}*" if not is_linkable(one.url) else f"*{link(one.url, one.title or 'Open')}*"
    sure = confirm(
        "End this session?", "Its open questions are taken back.", "End it", "Leave it", danger=True
    )
    row = [
        link_button("Open", one.url),
        button("End", Click(act=Act.END, subject=one.session_id), confirm=sure),
    ]
    told = section(f"{opened}   {escape_line(one.state.replace('_', ' '), 40)}")
    return [told, actions([button_ for button_ in row if button_ is not None])]


def _settings(view: HomeView) -> list[Block]:
    mine = view.settings
    hours = "; ".join(hours_text(mine.working_hours).splitlines()) or "any time"
    channels = {"chat": "the web page", "slack": "Slack", "email": "e-mail"}
    first = channels.get(mine.channel, mine.channel) if mine.channel else "wherever I was last"
    lines = [
        f"*Asked first on:* {escape_line(first, 40)}",
        f"*Time zone:* {escape_line(mine.zone, 64)}",
        f"*Working hours:* {escape_line(hours, 300)}",
        f"*In my place while I am away:* {name(mine.stand_in) if mine.stand_in else 'nobody'}",
    ]
    if mine.away is not None:
        from_, until = (moment(at, mine.zone) for at in mine.away)
        lines.append(f"*Away:* from {from_} to {until}")
    return [
        header("Your settings"),
        section("\n".join(lines)),
        actions([button("Change…", Click(act=Act.SETTINGS))]),
    ]
