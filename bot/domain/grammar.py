"""The few commands the agent understands without a model, and the sentences for those it cannot."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from bot.domain import asking
from bot.domain.feedback import Kind
from bot.domain.instants import Micros
from bot.domain.spans import read_span

ASK_SHAPE = "ask <people>: <question> [options: a, b] [within 2h] [quorum 2]"


@dataclass(frozen=True, kw_only=True, slots=True)
class Ask:
    """Ask people a question."""

    people: tuple[str, ...]
    question: str
    kind: Kind
    options: tuple[str, ...] = ()
    within: Micros | None = None
    quorum: int = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Status:
    """Tell what is waiting for whom."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Remind:
    """Show an open question again; `number` counts from 1 in the order of asking."""

    number: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Cancel:
    """Take back an open question; `number` counts from 1 in the order of asking."""

    number: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class End:
    """End the session."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Help:
    """Tell what can be said."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Unreadable:
    """Not a command; `sentence` says what is wrong when it was `meant` as one."""

    sentence: str
    meant: bool


Command = Ask | Status | Remind | Cancel | End | Help


@dataclass(slots=True)
class _Clauses:
    """What stands behind the question while it is being taken apart from its end."""

    question: str
    options: tuple[str, ...] | None = None
    within: str | None = None
    quorum: str | None = None
    order: list[str] = field(default_factory=list)


_PLAIN: dict[str, Command] = {
    "status": Status(),
    "end": End(),
    "end session": End(),
    "help": Help(),
    "?": Help(),
}
_NUMBERED = re.compile(r"/?(remind|cancel)(?:\s+#?(\d{1,4}))?[.!]?", re.IGNORECASE)
_ASK = re.compile(r"/?ask(?:\s+|$)(.*)", re.IGNORECASE | re.DOTALL)
# Phones with a Chinese or Japanese keyboard type a full-width colon.
_COLON = re.compile("[:\uff1a]")
_FOR_APPROVAL = re.compile(r"(?:^|\s)(?:for\s+(?:an\s+)?approval|to\s+approve)$", re.IGNORECASE)
_APPROVAL_OF = re.compile(
    r"^(?:for\s+)?(?:approval|approve)(?:\s+(?:from|of|by)\b|$)", re.IGNORECASE
)
_APPROVAL_WORD = re.compile(r"^(?:approval|approve)\s*[:\uff1a]\s*", re.IGNORECASE)
_JOINERS = {"and", "or", "&", "+"}
_QUORUM = re.compile(r"\[?\bquorum(?:\s*[:\uff1a=]\s*|\s+)(-?\d{1,9})\s*\]?$", re.IGNORECASE)
_WITHIN = re.compile(r"\[?\bwithin\b\s*[:\uff1a]?", re.IGNORECASE)
_OPTIONS = re.compile(r"\[?\boptions\s*[:\uff1a]", re.IGNORECASE)
# What was surely meant as a time; "within a team" was not.
_AMOUNT = re.compile(
    r"-?\d[\d.]*\s*[a-z]{0,9}|(?:an?|one)\s+(?:second|month|quarter|year)", re.IGNORECASE
)
_LONGEST_SPAN = 40
_VERDICTS = {"approve", "reject"}


def parse(text: str) -> Command | Unreadable:
    """Return the command that `text` is, or why it is none; never raises."""
    said = text.strip()
    plain = _PLAIN.get(" ".join(said.removeprefix("/").rstrip(".!").split()).casefold())
    if plain is not None:
        return plain
    numbered = _NUMBERED.fullmatch(said)
    if numbered is not None:
        number = None if numbered[2] is None else int(numbered[2])
        reminds = numbered[1].casefold() == "remind"
        return Remind(number=number) if reminds else Cancel(number=number)
    asked = _ASK.fullmatch(said)
    if asked is not None:
        return _ask(asked[1].strip())
    return Unreadable(sentence="That is not one of the commands.", meant=False)


def _ask(rest: str) -> Command | Unreadable:
    colon = _COLON.search(rest)
    if colon is None:
        return _unreadable("A colon must stand between the people and the question.")
    names, approval = _who(rest[: colon.start()].strip())
    question = rest[colon.end() :].strip()
    word = _APPROVAL_WORD.match(question)
    if word is not None:
        approval = True
        question = question[word.end() :]
    clauses = _take_apart(question)
    within = None
    if clauses.within is not None:
        within = read_span(clauses.within)
        if within is None:
            return _unreadable(
                f"“within {clauses.within}” is not a time I can read:"
                " use minutes, hours, days or weeks, such as 90m, 2h, 3d or 1w."
            )
    kind, options = _kind(approval, clauses.options)
    quorum = 1 if clauses.quorum is None else int(clauses.quorum)
    wrong = asking.fault(
        people=names,
        question=clauses.question,
        kind=kind,
        options=options,
        within=within,
        quorum=quorum,
    )
    if wrong is not None:
        return _unreadable(wrong)
    return Ask(
        people=names,
        question=clauses.question,
        kind=kind,
        options=options,
        within=within,
        quorum=quorum,
    )


def _unreadable(sentence: str) -> Unreadable:
    return Unreadable(sentence=f"{sentence} Write it like this: `{ASK_SHAPE}`.", meant=True)


def _who(text: str) -> tuple[tuple[str, ...], bool]:
    """Return the people that `text` names, and whether it asks for their approval."""
    bare = _FOR_APPROVAL.sub("", text)
    bare = _APPROVAL_OF.sub("", bare)
    tokens = [token for token in re.split(r"[\s,;]+", bare) if token]
    last = len(tokens) - 1
    names = [
        token.strip("<>").removeprefix("@")
        for n, token in enumerate(tokens)
        # A joiner joins: at an end it can only be somebody's name.
        if not (0 < n < last and token.casefold() in _JOINERS)
    ]
    return asking.once_each([name for name in names if name]), bare != text


def _take_apart(question: str) -> _Clauses:
    """Split the clauses off the end of `question`, in whatever order they stand, each once."""
    clauses = _Clauses(question=question.strip())
    while _take_quorum(clauses) or _take_within(clauses) or _take_options(clauses):
        pass
    return clauses


def _take_quorum(clauses: _Clauses) -> bool:
    if clauses.quorum is not None:
        return False
    found = _QUORUM.search(clauses.question)
    if found is None:
        return False
    clauses.quorum = found[1]
    clauses.question = clauses.question[: found.start()].rstrip()
    return True


def _take_within(clauses: _Clauses) -> bool:
    if clauses.within is not None:
        return False
    found = _last(_WITHIN, clauses.question)
    if found is None:
        return False
    tail = clauses.question[found.end() :].strip().removesuffix("]").rstrip(" .")
    if len(tail) > _LONGEST_SPAN:
        return False
    if read_span(tail) is None and not _AMOUNT.fullmatch(tail):
        return False
    clauses.within = tail
    clauses.question = clauses.question[: found.start()].rstrip()
    return True


def _take_options(clauses: _Clauses) -> bool:
    if clauses.options is not None:
        return False
    found = _last(_OPTIONS, clauses.question)
    if found is None:
        return False
    clauses.options = _labels(clauses.question[found.end() :])
    clauses.question = clauses.question[: found.start()].rstrip()
    return True


def _last(pattern: re.Pattern[str], text: str) -> re.Match[str] | None:
    return max(pattern.finditer(text), key=re.Match[str].start, default=None)


def _labels(text: str) -> tuple[str, ...]:
    tail = text.strip().removesuffix("]").rstrip().removesuffix(".")
    labels = [" ".join(label.split()) for label in re.split(r"[,;\n]", tail)]
    labels = [label for label in labels if label]
    if len(labels) > 1 and labels[-1].casefold().startswith("or "):
        labels[-1] = labels[-1][3:].lstrip()
    return tuple(labels)


def _kind(approval: bool, options: tuple[str, ...] | None) -> tuple[Kind, tuple[str, ...]]:
    """Infer the kind; an approval's two buttons are its own, so its options are dropped."""
    verdicts = (
        options is not None
        and len(options) == 2
        and ({asking.folded(option) for option in options} == _VERDICTS)
    )
    if verdicts or (approval and options is None):
        return Kind.APPROVAL, ()
    if approval:
        return Kind.APPROVAL, options or ()
    return (Kind.INPUT, ()) if options is None else (Kind.CHOICE, options)
