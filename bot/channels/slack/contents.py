"""A question's own words as blocks: all of them, or it is said that they do not fit."""

from __future__ import annotations

from dataclasses import dataclass

from bot.channels.slack import caps, mrkdwn
from bot.channels.slack.blocks import Block, section
from bot.channels.slack.escaping import entities, escape_line, exact, link
from bot.domain.feedback import Action, FeedbackRequest, FieldKind, Kind
from bot.domain.held_step import asks_for_contact

QUESTION_PIECES = 2
CONTEXT_PIECES = 1
_ACTION_ROOM = 2_600
"""For the arguments themselves; the words around them need the rest of a section."""
_LISTED = 2_500


@dataclass(frozen=True, kw_only=True, slots=True)
class Contents:
    """The blocks, and whether all that an approval is bound to can be read in them."""

    blocks: tuple[Block, ...]
    complete: bool


def contents(request: FeedbackRequest, url: str, *, with_answers: bool) -> Contents:
    """Return what is asked, its context and what would run; `url` is the question's page.

    `with_answers` writes out the options or the fields too, for whom no buttons show them.
    """
    asked, whole = _written(request.question, QUESTION_PIECES)
    why, all_of_it = _written(request.context, CONTEXT_PIECES)
    blocks = asked + why
    whole = whole and all_of_it
    if not whole:
        blocks.append(section(f":scroll: It is longer than this. {_read(url)}"))
    if request.action is not None and not asks_for_contact(request):
        shown, fits = action(request.action, url)
        blocks.append(shown)
        whole = whole and fits
    answers = _answers(request) if with_answers else ""
    if answers:
        blocks.append(section(answers))
    return Contents(blocks=tuple(blocks), complete=whole)


def is_complete(request: FeedbackRequest) -> bool:
    """Tell whether a card shows all that an approval is bound to.

    Where it does not, nothing that is said in Slack may approve it: only the page shows it all.
    """
    return contents(request, "", with_answers=False).complete


def _written(markdown: str, most: int) -> tuple[list[Block], bool]:
    pieces = mrkdwn.messages(markdown, caps.PIECE)
    return [section(piece) for piece in pieces[:most]], len(pieces) <= most


def _read(url: str) -> str:
    return link(url, "Read all of it on its page") + "."


def action(what: Action, url: str) -> tuple[Block, bool]:
    """Return what would run, exactly, and whether all of it fits."""
    told = f"*Once it is approved, this runs:* {escape_line(what.tool, 100)}\n"
    arguments = exact(what.arguments)
    escaped = entities(arguments)
    if caps.size(escaped) <= _ACTION_ROOM:
        return section(f"{told}```\n{escaped}\n```"), True
    beginning = caps.head(arguments, _ACTION_ROOM // 5)
    cut = (
        f":scissors: These are the first {len(beginning):,} of {len(arguments):,} characters. "
        f"{_read(url)} It can be approved only there."
    )
    return section(f"{told}```\n{entities(beginning)}\n```\n{cut}"), False


def _answers(request: FeedbackRequest) -> str:
    match request.kind:
        case Kind.CHOICE:
            lines = [f"• {escape_line(option, 75)}" for option in request.options]
        case Kind.FORM:
            lines = [
                f"• {escape_line(field.label, 75)}"
                + (f" ({'; '.join(escape_line(o, 30) for o in field.options[:10])})"
                   if field.kind is FieldKind.SELECT else "")
                for field in request.fields
            ]  # fmt: skip
        case _:
            return ""
    kept: list[str] = []
    room = _LISTED
    for line in lines:
        room -= caps.size(line) + 1
        if room < 0:
            kept.append(f"… and {len(lines) - len(kept)} more")
            break
        kept.append(line)
    return "\n".join(kept)
