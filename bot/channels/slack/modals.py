"""Modals about a question: answer in words, a note, changes, hand on, a choice, a form."""

from __future__ import annotations

from collections.abc import Sequence

from bot.channels.slack import caps
from bot.channels.slack.answers import bound as bound_click
from bot.channels.slack.answers import picker_of
from bot.channels.slack.bindings import Bound, callback_of, write
from bot.channels.slack.blocks import (
    INPUT_ACTION,
    Block,
    context,
    distinct,
    input_block,
    option,
    plain,
    section,
    select,
    text_input,
)
from bot.channels.slack.clicks import PREFIX, Act
from bot.channels.slack.contents import contents
from bot.channels.slack.escaping import escape, link, moment
from bot.domain.asking import MAX_PERSON, MAX_QUESTION
from bot.domain.card import Card
from bot.domain.feedback import Field, FieldKind, Kind
from bot.domain.reading import deciding_words

WORDS = "words"
USER = "user"
PERSON = "person"
PICKED = "picked"
FIELD = "field."
"""Before a form field's number: its block's id."""
YES, NO = "yes", "no"

ASK = PREFIX + "ask"
"""The callback id of asking somebody about a message."""
PEOPLE, QUESTION = "people", "question"


def view(
    title: str, blocks: Sequence[Block], *, callback_id: str, metadata: str, submit: str
) -> Block:
    """Return a modal; its title, buttons and blocks keep within what Slack takes."""
    return {
        "type": "modal",
        "callback_id": callback_id,
        "private_metadata": metadata,
        "title": plain(title, caps.VIEW_TITLE),
        "submit": plain(submit, caps.VIEW_TITLE),
        "close": plain("Back", caps.VIEW_TITLE),
        "blocks": distinct(blocks[: caps.VIEW_BLOCKS]),
    }


def answer_modal(card: Card, *, origin: str = "") -> Block:
    """Return the modal in which a question is answered: in words, by a choice, or as a form."""
    request = card.request
    match request.kind:
        case Kind.FORM:
            inputs = [form_input(n, field) for n, field in enumerate(request.fields)]
            return _about(card, Act.ANSWER, "Fill in", inputs, "Send", origin)
        case Kind.CHOICE if request.options:
            picker = input_block(
                PICKED, "Pick", picker_of(request, INPUT_ACTION), optional=True,
                hint="Or write below; words count only if they clearly name an option.",
            )  # fmt: skip
            inputs = [picker, _words("In words", optional=True)]
            return _about(card, Act.ANSWER, "Answer", inputs, "Send", origin)
        case Kind.APPROVAL:
            decide = deciding_words(request)
            hint = "No words surely decide this one: the buttons do."
            if decide is not None:
                hint = (
                    f"“{decide[0]}” or “{decide[1]}” decides. Of other words you may be asked back."
                )
            return _about(
                card, Act.ANSWER, "Answer in words", [_words("Answer", hint=hint)], "Send", origin
            )
        case _:
            return _about(card, Act.ANSWER, "Answer", [_words("Answer")], "Send", origin)


def note_modal(card: Card, *, origin: str = "") -> Block:
    """Return the modal that approves with a note."""
    inputs = [_words("Note", hint="It is kept with your approval.")]
    return _about(card, Act.NOTE, "Approve with a note", inputs, "Approve", origin)


def changes_modal(card: Card, *, origin: str = "") -> Block:
    """Return the modal that asks for changes first; the question stays open."""
    inputs = [_words("What should change first?", hint="The question stays open.")]
    return _about(card, Act.CHANGES, "Request changes", inputs, "Send", origin)


def delegate_modal(card: Card, *, origin: str = "") -> Block:
    """Return the modal that hands a question on: to somebody on Slack, or by name or address."""
    inputs = [
        input_block(USER, "Somebody on Slack", _users_select(), optional=True),
        input_block(
            PERSON,
            "Or a user name or address",
            text_input(limit=MAX_PERSON, placeholder="ben, or ben@example.org"),
            optional=True,
        ),
    ]
    return _about(card, Act.DELEGATE, "Delegate", inputs, "Hand on", origin)


def ask_modal(*, metadata: str, quoted: str = "") -> Block:
    """Return the modal that asks somebody about a message; `metadata` is the caller's own."""
    inputs = [
        input_block(
            PEOPLE, "Who should answer?",
            {
                "type": "multi_users_select",
                "action_id": INPUT_ACTION,
                "placeholder": plain("Pick people", caps.PLACEHOLDER),
                "max_selected_items": 20,
            },
        ),
        input_block(
            QUESTION, "What do you want to know?",
            text_input(multiline=True, initial=quoted, limit=MAX_QUESTION),
            hint="You can add: options: yes, no · within 2h · all must agree.",
        ),
    ]  # fmt: skip
    return view("Ask someone", inputs, callback_id=ASK, metadata=metadata, submit="Ask")


def _users_select() -> Block:
    return {
        "type": "users_select",
        "action_id": INPUT_ACTION,
        "placeholder": plain("Pick a person", caps.PLACEHOLDER),
    }


def _words(label: str, *, hint: str = "", optional: bool = False) -> Block:
    return input_block(WORDS, label, text_input(multiline=True), hint=hint, optional=optional)


def _about(
    card: Card, act: Act, title: str, inputs: Sequence[Block], submit: str, origin: str
) -> Block:
    """Return a modal that shows what it is about above its inputs."""
    shown = contents(card.request, card.url, with_answers=False)
    until = f"Answer by {moment(card.request.deadline, card.zone)}"
    small = context([until, link(card.url, "Open on the page")])
    return view(
        title,
        [*shown.blocks, *inputs, small],
        callback_id=callback_of(act),
        metadata=write(Bound(click=bound_click(card.request, act), origin=origin)),
        submit=submit,
    )


def form_input(number: int, field: Field) -> Block:
    """Return the input of a form's field, by its kind."""
    return input_block(
        f"{FIELD}{number}", field.label, _element(field), optional=not field.required
    )


def _element(field: Field) -> Block:
    match field.kind:
        case FieldKind.NUMBER:
            return {
                "type": "number_input",
                "action_id": INPUT_ACTION,
                "is_decimal_allowed": True,
            }
        case FieldKind.DATE:
            return {"type": "datepicker", "action_id": INPUT_ACTION}
        case FieldKind.SELECT if 0 < len(field.options) <= caps.OPTIONS:
            entries = [option(label, str(n)) for n, label in enumerate(field.options)]
            return select(INPUT_ACTION, entries, placeholder="Pick one")
        case FieldKind.YES_NO:
            return {
                "type": "radio_buttons",
                "action_id": INPUT_ACTION,
                "options": [option("Yes", YES), option("No", NO)],
            }
        case _:
            return text_input(multiline=field.kind is FieldKind.TEXT)


def refused(sentence: str, title: str = "Not done") -> Block:
    """Return a modal that says why something was not done."""
    return {
        "type": "modal",
        "title": plain(title, caps.VIEW_TITLE),
        "close": plain("OK", caps.VIEW_TITLE),
        "blocks": [section(escape(sentence))],
    }
