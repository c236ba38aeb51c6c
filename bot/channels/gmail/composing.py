"""The mails we write, as text and HTML: questions, reminders, ends, a session's words, notices."""

from __future__ import annotations

import json
from dataclasses import dataclass

from bot.channels.gmail import markup, wording
from bot.channels.gmail.markup import Button
from bot.domain.card import Card
from bot.domain.feedback import FieldKind, Kind, Part, Risk
from bot.domain.text import shortened

BUTTON_CHARS = 60
OPTIONS = 4
"""Options that get a button of their own."""
CONTEXT_CHARS = 12_000
ACTION_CHARS = 12_000
_FOOT = "Reply to this mail to go on, or go on on the web"


@dataclass(frozen=True, kw_only=True, slots=True)
class Body:
    """One mail's words, twice."""

    text: str
    html: str


def question(card: Card, url: str, *, lead: str = "") -> Body:
    """Return the mail that asks; `url` is the reader's own page, `lead` a line above all else."""
    request = card.request
    asked = card.part is Part.DECIDER
    text = [lead, wording.headline(card), _indented(request.question)]
    rows = [
        markup.paragraph(lead) if lead else "",
        markup.paragraph(wording.headline(card)),
        markup.paragraph(request.question, strong=True),
    ]
    if request.context.strip():
        context = shortened(request.context.strip(), CONTEXT_CHARS)
        text.append(context)
        rows.append(markup.quote(context))
    for part, html in _particulars(card):
        text.append(part)
        rows.append(html)
    facts = [wording.deadline(card), wording.rule(card)] if asked else [wording.rule(card)]
    text.append("\n".join(fact for fact in facts if fact))
    rows.append(markup.paragraph("\n".join(fact for fact in facts if fact)))
    if asked:
        links = _buttons(card, url)
        text.append("\n".join(f"{link.label}: {link.url}" for link in links))
        rows.append(markup.buttons(links))
        for line in (wording.how(card), wording.careful(card)):
            text.append(line)
            rows.append(markup.paragraph(line) if line else "")
    else:
        text.append(f"See it here:\n{url}")
        rows.append(markup.link("See it on the web", url))
    text.append(_small(wording.why(card)))
    rows.append(markup.paragraph(_small(wording.why(card)), small=True))
    return Body(text=_joined(text), html=markup.page(rows, preview=request.question[:120]))


def reminder(card: Card, url: str) -> Body:
    """Return the mail that asks once more."""
    return question(card, url, lead="A reminder: this still waits for an answer.")


def settled(card: Card, url: str) -> Body:
    """Return the mail that says how a question ended."""
    end, done = wording.ended(card), "Nothing more to do."
    return Body(
        text=_joined([end, done, f"The question was: {card.request.question}", url]),
        html=markup.page(
            [
                markup.paragraph(end),
                markup.paragraph(done),
                markup.quote(card.request.question),
                markup.link("See it on the web", url),
            ],
            preview=end[:120],
        ),
    )


def spoken(text: str, url: str) -> Body:
    """Return what the agent says in a session; `text` is Markdown, which reads well as it is."""
    return Body(
        text=_joined([text.strip(), f"-- \n{_FOOT}: {url}"]),
        html=markup.page([markup.markdown(text), markup.link(f"{_FOOT}.", url)]),
    )


def opened(text: str, url: str) -> Body:
    """Return what a session's thread begins with; `text` is plain words."""
    return Body(
        text=_joined([text.strip(), f"-- \n{_FOOT}: {url}"]),
        html=markup.page([markup.paragraph(text), markup.link(f"{_FOOT}.", url)]),
    )


def notice(text: str, url: str) -> Body:
    """Return a word to one person."""
    return Body(
        text=_joined([text.strip(), url]),
        html=markup.page(
            [markup.paragraph(text), markup.link("Open it on the web", url) if url else ""]
        ),
    )


def _particulars(card: Card) -> list[tuple[str, str]]:
    """Return what is shown of a question's kind: its options, its fields, what would be done."""
    request = card.request
    found: list[tuple[str, str]] = []
    if request.kind is Kind.CHOICE:
        lines = [f"{n}. {option}" for n, option in enumerate(request.options, start=1)]
        if request.multiple:
            lines.append("You may choose several.")
        found.append(("\n".join(lines), markup.paragraph("\n".join(lines))))
    if request.fields:
        lines = [
            f"{field.label}{'' if field.required else ' (optional)'}"
            + (f": {' / '.join(field.options)}" if field.kind is FieldKind.SELECT else "")
            for field in request.fields
        ]
        found.append(("\n".join(lines), markup.paragraph("\n".join(lines))))
    if request.action is not None and not card.is_from_agent:
        lead = "If it is approved, exactly this is done:"
        shown = shortened(
            f"{request.action.tool}\n{_readable(request.action.arguments)}", ACTION_CHARS
        )
        found.append((f"{lead}\n\n{_indented(shown)}", markup.paragraph(lead) + markup.code(shown)))
    return found


def _readable(arguments: str) -> str:
    """Return canonical JSON over several lines: the same values, nothing left out."""
    try:
        return json.dumps(json.loads(arguments), indent=2, ensure_ascii=False)
    except ValueError:
        return arguments


def _buttons(card: Card, url: str) -> list[Button]:
    """Return a question's buttons: each opens the reader's page, with that answer chosen there."""
    request = card.request

    def button(label: str, choose: str, colour: str = markup.ACCENT) -> Button:
        chosen = f"{url}?choose={choose}" if choose else url
        return Button(label=shortened(label, BUTTON_CHARS), url=chosen, colour=colour)

    words = button("Answer in words", "words")
    if request.risk is Risk.HIGH:
        return [button("Look at it and decide", "")]
    match request.kind:
        case Kind.APPROVAL:
            approve = button("Approve", "approve", markup.YES)
            return [approve, button("Reject", "reject", markup.NO), words]
        case Kind.CHOICE if len(request.options) <= OPTIONS and not request.multiple:
            numbered = enumerate(request.options, start=1)
            return [*(button(option, str(number)) for number, option in numbered), words]
        case Kind.CHOICE:
            return [button("Choose", ""), words]
        case Kind.FORM:
            return [button("Fill it in", "")]
        case _:
            return [button("Answer in words", "")]


def _small(text: str) -> str:
    return f"{text} Sent by Handraise."


def _indented(text: str) -> str:
    return "\n".join(f"    {line}".rstrip() for line in text.split("\n"))


def _joined(blocks: list[str]) -> str:
    return "\n\n".join(block for block in blocks if block and block.strip()) + "\n"
