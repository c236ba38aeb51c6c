"""The buttons of a card: what its reader can do, each bound to exactly what was shown."""

from __future__ import annotations

from bot.channels.slack import caps
from bot.channels.slack.blocks import (
    Block,
    actions,
    button,
    confirm,
    link_button,
    option,
    section,
    select,
)
from bot.channels.slack.clicks import PREFIX, Act, Click, encode
from bot.channels.slack.escaping import one_line
from bot.domain.card import Card
from bot.domain.feedback import FeedbackRequest, Kind, Part, Risk

MAX_BUTTONS = 5
"""Options that get a button each; more are in a select."""


def bound(request: FeedbackRequest, act: Act, **more: int | str) -> Click:
    """Return a click bound to a request as it is shown."""
    return Click(act=act, subject=request.id, digest=request.digest, **more)  # type: ignore[arg-type]


def pick_block(request: FeedbackRequest) -> str:
    """Return the id of the block that a request's select is in."""
    return f"{PREFIX}pick.{request.id}"[: caps.ID]


def answer_rows(card: Card, *, complete: bool, in_channel: bool = False) -> list[Block]:
    """Return the rows of buttons with which the reader answers; none for who is only told.

    Where not all of it can be read here (`complete`), it is approved on its page only.
    """
    request = card.request
    if not request.is_open or card.part is not Part.DECIDER:
        return []
    rows: list[Block] = []
    other = []
    match request.kind:
        case Kind.APPROVAL:
            rows.append(actions(_verdicts(card, complete=complete)))
            if complete:
                other.append(button("Approve with a note…", bound(request, Act.NOTE)))
                other.append(button("Answer in words…", bound(request, Act.ANSWER)))
        case Kind.CHOICE:
            rows += _choices(request, card.url)
            other.append(button("Answer in words…", bound(request, Act.ANSWER)))
        case Kind.INPUT | Kind.FORM:
            words = "Answer…" if request.kind is Kind.INPUT else "Fill in…"
            rows.append(actions([button(words, bound(request, Act.ANSWER), style="primary")]))
    other.append(button("Request changes…", bound(request, Act.CHANGES)))
    other.append(button("Delegate…", bound(request, Act.DELEGATE)))
    if len(card.deciders) > 1 or in_channel:
        other.append(_claim(card, in_channel=in_channel))
    rows.append(actions(other))
    return rows


def _verdicts(card: Card, *, complete: bool) -> list[Block]:
    request = card.request
    reject = button("Reject", bound(request, Act.REJECT), style="danger")
    if not complete:
        page = link_button("Read and approve on the page", card.url)
        return [page, reject] if page is not None else [reject]
    sure = None
    if request.risk is Risk.HIGH:
        sure = confirm("High risk", one_line(request.question, 250), "Approve", "Not now")
    approve = button("Approve", bound(request, Act.APPROVE), style="primary", confirm=sure)
    return [approve, reject]


def _choices(request: FeedbackRequest, url: str) -> list[Block]:
    if len(request.options) <= MAX_BUTTONS and not request.multiple:
        buttons = [
            button(label, bound(request, Act.CHOOSE, option=n))
            for n, label in enumerate(request.options)
        ]
        return [actions(buttons)] if buttons else []
    picker = picker_of(request)
    row = [picker]
    if request.multiple:
        row.append(button("Send", bound(request, Act.SUBMIT), style="primary"))
    rows = [actions(row, pick_block(request))]
    if len(request.options) > caps.OPTIONS:
        page = link_button(f"All {len(request.options)} options", url)
        rows += [actions([page])] if page is not None else []
    return rows


def picker_of(request: FeedbackRequest, action_id: str | None = None) -> Block:
    """Return the select of a choice; a message's own is bound by each option's value."""
    entries = [
        option(label, encode(bound(request, Act.PICK, option=n))[1])
        for n, label in enumerate(request.options[: caps.OPTIONS])
    ]
    return select(
        action_id or PREFIX + Act.PICK.value,
        entries,
        placeholder="Pick one or more" if request.multiple else "Pick one",
        multiple=request.multiple,
    )


def _claim(card: Card, *, in_channel: bool) -> Block:
    # In a channel one card stands for everybody: who clicks is told whether it is theirs.
    if card.claimed_by_reader or (in_channel and card.claimed_by):
        return button("Not on it any more", bound(card.request, Act.RELEASE))
    return button("I am on it", bound(card.request, Act.CLAIM))


def asker_row(card: Card) -> list[Block]:
    """Return what the asker can do with a question that is open or came to nothing."""
    request = card.request
    if request.is_open:
        sure = confirm(
            "Take it back?", "Nobody can answer it then.", "Take it back", "Leave it", danger=True
        )
        return [actions([button("Take back", bound(request, Act.CANCEL), confirm=sure)])]
    if request.state.value in {"expired", "cancelled"}:
        return [actions([button("Ask again", bound(request, Act.AGAIN))])]
    return []


def late_row(card: Card, words: str, response_id: str, *, reopens: bool) -> Block:
    """Return a late answer, with a button that lets it decide where that is allowed."""
    if not reopens:
        return section(words)
    click = bound(card.request, Act.REOPEN, extra=response_id)
    return section(words, button("Reopen with this", click))
