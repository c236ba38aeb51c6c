"""Where the clauses behind a question begin, and which they are.

Clauses count only at the end of a text, all of them together, after the question's own sentence:
behind `.`, `?`, `!`, `;`, a line break, or in brackets. What does not read as clauses to the very
end stays in the question, so that no word is lost. `options:` also counts without a stop before it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto

from bot.domain.grammar import reading, timing
from bot.domain.grammar.people import NUMBER
from bot.domain.grammar.reading import Clock, Reader, Reading, Slot


class _Body(Enum):
    """What may stand in a clause's own words, and so where the next clause may begin."""

    SHORT = auto()
    LIST = auto()
    """Behind its commas stand more items, not the small clauses."""
    PROSE = auto()
    """Only behind a stop there can be another clause."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Form:
    """A kind of clause: what it begins with, and how it is read."""

    pattern: re.Pattern[str]
    read: Reader
    body: _Body = _Body.SHORT
    small: bool = False
    """Whether its words could as well be an item of a list."""
    label: bool = False
    """Whether its colon ends any clause before it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Head:
    """A place where a clause may begin."""

    start: int
    body: int
    form: _Form
    stopped: bool
    """Whether a stop, a line break or a bracket stands before it."""
    joined: bool
    """Whether a comma or "and" stands before it."""


def _form(
    words: str,
    read: Reader,
    *,
    body: _Body = _Body.SHORT,
    small: bool = False,
    label: bool = False,
    end: str = r"(?!\w)",
) -> _Form:
    if label:
        end = ""
    return _Form(
        pattern=re.compile(rf"(?<![\w@.+'’-])(?:{words}){end}", re.IGNORECASE),
        read=read,
        body=body,
        small=small,
        label=label,
    )


_COLON = "\\s*[:\uff1a]"
_UNANSWERED = (
    r"if\s+(?:(?:nobody|no[ -]one|none(?:\s+of\s+(?:them|these))?)\s+(?:has\s+|have\s+)?"
    r"(?:answer|repli|reply|respond|decid|react)\w*|(?:there\s+is|there's|there’s)\s+no\s+"
    r"(?:answer|reply|decision)|(?:it\s+is\s+)?(?:still\s+)?unanswered)"
)
_MUST = r"(?:must|have\s+to|has\s+to|needs?\s+to)\s+(?:agree|answer|approve|decide|sign)"


def _must_agree(body: str, clock: Clock) -> Reading | None:
    found = re.fullmatch(rf"({NUMBER})(?:\s+of\s+them)?\s+{_MUST}", body, re.IGNORECASE)
    return None if found is None else reading.quorum(found[1], clock)


def _ask_if(body: str, clock: Clock) -> Reading | None:
    return timing.ask_if(re.sub(_UNANSWERED, " ", body, count=1, flags=re.IGNORECASE), clock)


def _escalating(read: Reader) -> Reader:
    sentence = "Whom should I ask then, and when? Write: escalate to <people> after 4h."
    return reading.never_bare(Slot.ESCALATE, sentence, read)


_WITHIN = reading.never_bare(
    Slot.DEADLINE, "How long is there to answer? Write: within 2h.", timing.within
)
_QUORUM = reading.never_bare(
    Slot.RULE, "How many answers does it take? Write: quorum 2.", reading.quorum
)
_NOTIFY = reading.never_bare(
    Slot.NOTIFY, "Whom should I tell? Write: notify <people>.", reading.notify
)
_REMIND = reading.never_bare(
    Slot.REMIND, "When should I remind them? Write: remind in 2h.", timing.remind
)

_FORMS = (
    _form(rf"options{_COLON}", reading.options, body=_Body.LIST, label=True),
    _form(rf"form{_COLON}", reading.form, body=_Body.LIST, label=True),
    _form(rf"context{_COLON}", reading.context, body=_Body.PROSE, label=True),
    _form(rf"within(?:{_COLON})?", _WITHIN, small=True),
    _form(r"(?:due\s+)?(?:by|before|until)", timing.by, small=True),
    _form(
        r"(?:in\s+|counting\s+)?working\s+(?:time|hours)(?:\s+only)?",
        reading.bare(Slot.WORKING_TIME, working_time=True),
        small=True,
    ),
    _form(rf"quorum(?:\s+of)?(?:{_COLON}|\s*=)?", _QUORUM),
    _form(
        rf"(?:all(?:\s+of\s+them)?|everybody|everyone|both)\s+{_MUST}|everybody|everyone",
        reading.bare(Slot.RULE, everybody=True),
        small=True,
    ),
    _form(rf"(?:at\s+least\s+)?(?=(?:{NUMBER})\s)", _must_agree, small=True, end=""),
    _form(r"(?:with\s+)?(?:a\s+)?veto", reading.bare(Slot.VETO, veto=True), small=True),
    _form(
        r"(?:choose\s+|pick\s+)?(?:several|multiple)(?:\s+(?:answers|choices))?",
        reading.bare(Slot.SEVERAL, multiple=True),
        small=True,
    ),
    _form(
        r"(?:this\s+is\s+|it\s+is\s+|it's\s+|it’s\s+)?urgent",
        reading.bare(Slot.URGENT, urgent=True),
        small=True,
    ),
    _form(rf"(?:also\s+)?notify(?:{_COLON})?", _NOTIFY),
    _form(
        r"(?:no\s+reminders?|without\s+reminders?|(?:do\s+not|don't|don’t)\s+remind"
        r"(?:\s+(?:them|him|her|people|anybody))?)",
        reading.bare(Slot.NO_REMIND, remind_at=()),
    ),
    _form(rf"remind(?:\s+(?:them|him|her|people|again))*(?:{_COLON})?", _REMIND),
    _form(r"escalate", _escalating(timing.escalate)),
    _form(r"then\s+ask", _escalating(timing.then_ask)),
    _form(_UNANSWERED, _escalating(timing.if_nobody)),
    _form(rf"(?:then\s+)?ask(?=\s.{{1,200}}?\s{_UNANSWERED})", _ask_if),
)
_OPTIONS = _FORMS[0]

_MOST_HEADS = 60
"""Of a longer text only the end is looked at: no question has more clauses than that."""
# Not behind an abbreviation: "e.g. within 2h" goes on with its sentence.
_STOP = re.compile(
    r"(?<!\b[a-zA-Z])(?<!\be\.g)(?<!\bi\.e)(?<!\bno)(?<!\bvs)(?<!\bca)(?<!\bapprox)\."
    r"[\"”’')\]]*(?=\s|$)|[?!…;][\"”’')\]]*(?=\s|$)|[。？！；]|\n|(?=\[)",
    re.IGNORECASE,
)
_STOPPED = re.compile(
    r"(?:[.?!…;。？！；\]][\"”’')\]]*\s*|\n\s*|\[\s*)(?:[-–—*•]\s+)?(?:(?:and|but|please)[\s,]+)*$",
    re.IGNORECASE,
)
_JOINED = re.compile(r"(?:,\s*|[,\s](?:and|but|or)\s+)(?:please\s+)?$", re.IGNORECASE)
_LEAD = re.compile(r"[\s,;.!\[\]—–*•-]*(?:(?:and|but|please)\b[\s,]*)*", re.IGNORECASE)
_TRAIL = re.compile(
    r"(?:[\s,;\[\]]|(?<=\s)[-–—*•]|(?<![\w@.-])(?:and|but|please))+$", re.IGNORECASE
)
_LOOK_BEHIND = 40


def split_question(text: str, clock: Clock) -> tuple[str, tuple[Reading, ...]]:
    """Return the question that `text` begins with, and the clauses behind it."""
    tail = _Tail(text, clock)
    reached = 0
    for stop in _STOP.finditer(text):
        if stop.end() < reached:  # among the signs that the last one has led over
            continue
        reached = tail.lead(stop.end())
        found = tail.all_from(reached)
        if found is not None:
            return text[: stop.end()].strip(" \t\n;"), found
    if text.endswith(("?", "？")):
        return text.strip(), ()
    found = tail.all_from(tail.lead(0))
    if found is not None:
        return "", found
    for head in reversed(tail.heads):
        if head.form is _OPTIONS:
            found = tail.all_from(head.start)
            if found is not None and not any(one.fault for one in found):
                return text[: head.start].strip(), found
    return text.strip(), ()


def split_people(text: str, clock: Clock) -> tuple[str, tuple[Reading, ...]]:
    """Return the people that `text`, which stands before a question, begins with, and clauses."""
    tail = _Tail(text, clock)
    for head in tail.heads:
        # One word alone may well be somebody's name.
        if len(text[head.start :].split()) > 1 and _TRAIL.sub("", text[: head.start]):
            found = tail.all_from(head.start)
            if found is not None and (head.joined or not any(one.fault for one in found)):
                return _TRAIL.sub("", text[: head.start]), found
    return text, ()


class _Tail:
    """The end of one text, in which clauses are looked for."""

    def __init__(self, text: str, clock: Clock) -> None:
        self._text = text
        self._clock = clock
        places = [
            (found.start(), found.end(), form)
            for form in _FORMS
            for found in form.pattern.finditer(text)
        ]
        places.sort(key=lambda place: place[0])
        self.heads = [
            _Head(
                start=start,
                body=body,
                form=form,
                stopped=_before(_STOPPED, text, start),
                joined=_before(_JOINED, text, start),
            )
            for start, body, form in places[-_MOST_HEADS:]
        ]
        self._starting: dict[int, list[int]] = {}
        for n, head in enumerate(self.heads):
            self._starting.setdefault(head.start, []).append(n)
        self._known: dict[int, tuple[int, tuple[Reading, ...]] | None] = {}

    def lead(self, at: int) -> int:
        """Return where the first word behind `at` begins that a clause can begin with."""
        found = _LEAD.match(self._text, at)
        return at if found is None else found.end()

    def all_from(self, at: int) -> tuple[Reading, ...] | None:
        """Return the clauses that make up the whole of the text from `at` on, at least one."""
        made = [self._from(n) for n in self._starting.get(at, ())]
        best = min((one for one in made if one is not None), key=lambda one: one[0], default=None)
        return None if best is None else best[1]

    def _from(self, n: int) -> tuple[int, tuple[Reading, ...]] | None:
        """Return the clauses from head `n` to the end with the fewest faults, and these."""
        # From the end, so that no text makes this recurse deeply.
        for later in range(len(self.heads) - 1, n - 1, -1):
            if later not in self._known:
                self._known[later] = self._first_and_rest(later)
        return self._known[n]

    def _first_and_rest(self, n: int) -> tuple[int, tuple[Reading, ...]] | None:
        head = self.heads[n]
        best: tuple[int, tuple[Reading, ...]] | None = None
        for end in self._ends(n):
            until = len(self._text) if end is None else self.heads[end].start
            rest = (0, ()) if end is None else self._known[end]
            if rest is None:
                continue
            first = head.form.read(self._body(head, until), self._clock)
            if first is None:
                continue
            faults = rest[0] + (first.fault is not None)
            if best is None or faults < best[0]:
                best = (faults, (first, *rest[1]))
        return best

    def _ends(self, n: int) -> list[int | None]:
        """Return the heads before which the clause of head `n` may end; None is the text's end."""
        head = self.heads[n]
        ends: list[int | None] = []
        for later in range(n + 1, len(self.heads)):
            candidate = self.heads[later]
            if candidate.start < head.body:
                continue
            if candidate.form.label:
                return [*ends, later]
            if head.form.body is _Body.PROSE and not candidate.stopped:
                continue
            if head.form.body is _Body.LIST and candidate.form.small and candidate.joined:
                continue
            ends.append(later)
        return [*ends, None]

    def _body(self, head: _Head, until: int) -> str:
        text = self._text[head.body : until].lstrip(" \t\n,")
        if head.form.body is _Body.SHORT:
            return _TRAIL.sub("", text.rstrip(" \t\n!.]")).rstrip(".!").rstrip()
        if until < len(self._text):
            return _TRAIL.sub("", text)
        bracketed = self._text[: head.start].rstrip().endswith("[")
        return text.rstrip().removesuffix("]" if bracketed else "").rstrip()


def _before(pattern: re.Pattern[str], text: str, at: int) -> bool:
    return pattern.search(text[max(0, at - _LOOK_BEHIND) : at]) is not None
