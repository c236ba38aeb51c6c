"""Whether a model's reading of an answer holds: it rests on words that are there and say it.

The model proposes; nothing here trusts it. Asking back is always allowed, a wrong decision never.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass

from bot.domain.feedback import Answer, FeedbackRequest, Kind, Risk
from bot.domain.reading.languages import LANGUAGES
from bot.domain.reading.languages.language import listed
from bot.domain.reading.orders import is_plain
from bot.domain.reading.phrases import (
    BECAUSE,
    CONDITIONS,
    LEANING_NO,
    LEANING_YES,
    NEGATIONS,
    OBJECTIONS,
    REJECTING,
    ROLES,
    Role,
    Words,
    count,
    holds,
    longest,
    spelt,
)
from bot.domain.reading.questions import yes_and_no_are_clear
from bot.domain.reading.reply import Unclear, unclear
from bot.domain.reading.spelling import STOPS, Piece, pieces, reordered, seen, words

_COPIED = 4
"""So many words in a row that stand in the question, too, are the question's."""
_YES = LEANING_YES | {p for p, role in ROLES.items() if role in (Role.YES, Role.APPROVE)}
_NO = LEANING_NO | {p for p, role in ROLES.items() if role in REJECTING}

_CHOOSING = spelt(phrase for language in LANGUAGES for phrase in language.choosing) | spelt(
    listed(
        "let us do | let us take | let us go with | i am for | i'm for | i'd choose | i'd pick | we"
        " choose | we pick | we take | we go with | please take | please book | book | take |"
        " looking forward to | we look forward to | we are looking forward to"
    )
)
_AND = frozenset(word for language in LANGUAGES for word in language.joining) | {"&"}

_BEFORE_OWN = frozenset(
    listed(
        "i | we | i'm | we're | am | are | is | it's | that's | all | hereby | and | so |"
        " then | ich | wir | bin | sind | ist | hiermit | und | also | je | nous | suis |"
        " est | c'est | et | donc | yo | lo | estoy | está | y | así | eu | nós | estou |"
        " e | então | io | sono | è | quindi | ik | wij | ben | hierbij | en | dus"
    )
)
"""What may stand in front of one's own verdict within a sentence."""

_DUTCH = frozenset(
    {"het", "een", "ik", "je", "niet", "dat", "voor", "wel", "ook", "maar", "ja", "nee"}
)
_ITALIAN = frozenset({"il", "che", "di", "non", "è", "sono", "per", "sì", "va", "una", "lo", "mi"})
_FRENCH = frozenset({"le", "les", "je", "nous", "on", "ne", "est", "n'est", "il", "pas", "que"})
_PORTUGUESE = frozenset({"não", "sim", "um", "uma", "você", "os", "ao", "eu", "que", "nós"})
_FALSE_FRIENDS = {
    "of": _DUTCH, "tot": _DUTCH, "als": _DUTCH, "pas": _DUTCH | _FRENCH, "ma": _ITALIAN,
    "mai": _ITALIAN, "plus": _FRENCH, "so": _PORTUGUESE, "se": _ITALIAN | _PORTUGUESE,
}  # fmt: skip
"""Words that condition or deny in one language and do not in another, and what shows which."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Claim:
    """What a model says that a reply decides, and the `words` of the reply that this rests on."""

    approved: bool | None = None
    choices: tuple[str, ...] = ()
    words: str


def checked(request: FeedbackRequest, text: str, claim: Claim) -> Answer | Unclear:
    """Return the answer that `claim` reads in the reply `text`, or `Unclear` at the least doubt.

    A high-risk question is never decided by it.
    """
    if request.risk is Risk.HIGH or reordered(text) or "?" in seen(text):
        return unclear(request)
    if not is_plain(_unquoted(text)):
        return unclear(request)
    asked = words(f"{request.question}\n{request.context}")
    said, quote = _own(_unquoted(text), asked), words(claim.words)
    if not quote or not _stands(quote, said):
        return unclear(request)
    if holds(_in_one_language(said), CONDITIONS):
        return unclear(request)
    if request.kind is Kind.APPROVAL and claim.approved is not None and not claim.choices:
        held = _verdict_holds(request, said, quote, asked, approved=claim.approved)
        if claim.approved and not _is_said_by_the_author(_unquoted(text), quote):
            held = False
    elif request.kind is Kind.CHOICE and claim.choices and claim.approved is None:
        held = _choice_holds(request, said, quote, claim.choices) and _is_chosen(
            _unquoted(text), [words(option) for option in claim.choices]
        )
    else:
        held = False
    if not held:
        return unclear(request)
    note = " ".join(claim.words.split())
    if request.kind is Kind.APPROVAL:
        return Answer(approved=claim.approved, text=note)
    return Answer(choices=tuple(o for o in request.options if o in claim.choices), text=note)


def _verdict_holds(
    request: FeedbackRequest, said: Words, quote: Words, asked: Words, *, approved: bool
) -> bool:
    if _stands(quote, asked) or not yes_and_no_are_clear(request):
        return False
    negations = count(_in_one_language(said), NEGATIONS | OBJECTIONS)
    if approved:
        return holds(quote, _YES) and not negations and not holds(said, _NO)
    # "I can't say no": two of them may make a yes.
    if negations > 1:
        return False
    if holds(said, _YES):
        # "I do not approve": turned by a word that is no verdict of its own, within the quote.
        turned = holds(quote, _YES) and holds(quote, NEGATIONS - _NO)
        return turned and negations == 1 and not holds(said, _NO)
    # "I have not read it" rejects nothing, and "don't stop" less than nothing.
    firm = _NO - NEGATIONS
    return holds(quote, firm) and not (negations and holds(said, firm - OBJECTIONS))


def _is_said_by_the_author(text: str, quote: Words) -> bool:
    """Tell whether a yes begins a sentence, or follows "I": "Bob agreed" is Bob's."""
    found = pieces(seen(text))
    for at in range(len(found)):
        size = longest(found, at, _YES)
        phrase = tuple(piece.form for piece in found[at : at + size])
        if not size or not (_stands(phrase, quote) or _stands(quote, phrase)):
            continue
        if not at or found[at - 1].sort in STOPS or found[at - 1].form in _BEFORE_OWN:
            return True
    return False


def _choice_holds(
    request: FeedbackRequest, said: Words, quote: Words, choices: tuple[str, ...]
) -> bool:
    picked = set(choices)
    if len(picked) != 1 and not request.multiple:
        return False
    if not picked <= set(request.options) or holds(_in_one_language(said), NEGATIONS | OBJECTIONS):
        return False
    named = {option: words(option) for option in request.options}
    chosen = [label for option, label in named.items() if option in picked]
    if not all(label and _stands(label, quote) for label in chosen):
        return False
    # Another label beside the chosen one may be what is compared, or what is left out.
    others = [label for option, label in named.items() if option not in picked]
    return not any(not other or _stands_apart(other, chosen, said) for other in others)


def _is_chosen(text: str, labels: list[Words]) -> bool:
    """Tell whether each label is a sentence of its own, or the end of one that chooses it.

    "Anything is better than Paris" names Paris too.
    """
    found = pieces(seen(text))
    own = {at for at in range(len(found)) if any(_is_at(found, at, label) for label in labels)}
    return all(any(_chooses(found, at, label, own) for at in own) for label in labels)


def _is_at(found: Sequence[Piece], at: int, label: Words) -> bool:
    return tuple(piece.form for piece in found[at : at + len(label)]) == label


def _chooses(found: Sequence[Piece], at: int, label: Words, own: Container[int]) -> bool:
    """Tell whether the label at a place is chosen there, alone or joined to other chosen ones."""
    if not _is_at(found, at, label):
        return False
    return _begins(found, at, own) and _ends(found, at + len(label), own)


def _begins(found: Sequence[Piece], at: int, own: Container[int]) -> bool:
    first = at
    while first and found[first - 1].sort not in STOPS:
        first -= 1
    opening = tuple(piece.form for piece in found[first:at])
    return not opening or opening in _CHOOSING or _is_joined(found, first, at, own)


def _is_joined(found: Sequence[Piece], first: int, at: int, own: Container[int]) -> bool:
    """Tell whether "and" and a chosen label stand before a place: "I take Paris and Rome"."""
    if at - 1 <= first or found[at - 1].form not in _AND:
        return False
    before = next((n for n in range(at - 2, first - 1, -1) if n in own), None)
    return before is not None and _begins(found, before, own)


def _ends(found: Sequence[Piece], at: int, own: Container[int]) -> bool:
    if at >= len(found) or found[at].sort in STOPS or longest(found, at, BECAUSE):
        return True
    return found[at].form in _AND and at + 1 in own


def _stands_apart(other: Words, chosen: list[Words], said: Words) -> bool:
    """Tell whether a label stands in `said`, and not only as a part of a longer chosen one."""
    return _stands(other, _blanked(said, [label for label in chosen if len(label) > len(other)]))


def _unquoted(text: str) -> str:
    return "\n".join(line for line in text.splitlines() if not line.lstrip().startswith(">"))


def _own(text: str, asked: Words) -> Words:
    """Return the words of `text` without the runs of words that repeat the question."""
    said = words(text)
    kept: list[str] = []
    at = 0
    runs = {asked[n : n + _COPIED] for n in range(len(asked) - _COPIED + 1)}
    while at < len(said):
        size = 0
        while said[at + size : at + size + _COPIED] in runs:
            size += 1
        if size:
            at += size + _COPIED - 1
            kept.append("")  # so that what stood apart is not joined
        else:
            kept.append(said[at])
            at += 1
    return tuple(kept)


def _in_one_language(said: Words) -> Words:
    """Return `said` without small words that turn an answer only in a language it is not in."""
    return tuple(
        word if _FALSE_FRIENDS.get(word) is None or _FALSE_FRIENDS[word] & set(said) else ""
        for word in said
    )


def _blanked(said: Words, labels: list[Words]) -> Words:
    """Return `said` with the `labels` taken out, longest first."""
    rest = list(said)
    for label in sorted(labels, key=len, reverse=True):
        for at in range(len(rest) - len(label) + 1):
            if tuple(rest[at : at + len(label)]) == label:
                rest[at : at + len(label)] = [""] * len(label)
    return tuple(rest)


def _stands(part: Words, whole: Words) -> bool:
    size = len(part)
    return any(whole[at : at + size] == part for at in range(len(whole) - size + 1))
