"""What known phrases mean, whatever their language: one table, made once."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from enum import Enum

from bot.domain.reading.languages import LANGUAGES, Language
from bot.domain.reading.spelling import STOPS, Piece, Sort, without_accents, words

Words = tuple[str, ...]


class Role(Enum):
    """What a phrase does in an answer."""

    YES = "yes"
    NO = "no"
    APPROVE = "approve"
    REJECT = "reject"
    NOD = "nod"
    PLEASE = "please"
    THANKS = "thanks"
    REGRET = "regret"
    FOR_MY_PART = "for my part"
    SMILE = "smile"


APPROVING = frozenset({Role.YES, Role.APPROVE, Role.NOD})
REJECTING = frozenset({Role.NO, Role.REJECT})
VERDICTS = APPROVING | REJECTING

_SIGNS = {
    Role.YES: "✅✔☑",
    Role.NOD: "👍🆗",
    Role.NO: "👎❌✖🚫⛔🙅",
    Role.THANKS: "🙏",
    Role.SMILE: "🙂😊😀😃😄😁☺🎉👋",
}
# Two gestures that are made of a person and a sign of who it is.
_GESTURES: dict[Words, Role] = {("🙅", "♂"): Role.NO, ("🙅", "♀"): Role.NO}


def spelt(phrases: Iterable[str]) -> frozenset[Words]:
    """Return the words of `phrases`, and the ways in which they are written without accents."""
    made = {words(phrase) for phrase in phrases}
    return frozenset(made | {other for phrase in made for other in _spellings(phrase)})


def _spellings(phrase: Words) -> list[Words]:
    umlauts = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})
    return [
        tuple(without_accents(word) for word in phrase),
        tuple(word.translate(umlauts) for word in phrase),
    ]


def _table() -> dict[Words, Role]:
    table: dict[Words, Role] = dict(_GESTURES)
    for role, signs in _SIGNS.items():
        table.update({(sign,): role for sign in signs})
    guessed: dict[Words, Role] = {}
    # The first meaning stays: a phrase that says yes in one language is no courtesy in another.
    for role in Role:
        phrases = [phrase for language in LANGUAGES for phrase in _of(language, role)]
        for phrase in phrases:
            table.setdefault(words(phrase), role)
        for written in spelt(phrases):
            guessed.setdefault(written, role)
    return guessed | table


def _of(language: Language, role: Role) -> tuple[str, ...]:
    return {
        Role.YES: language.yes,
        Role.NO: language.no,
        Role.APPROVE: language.approve,
        Role.REJECT: language.reject,
        Role.NOD: language.nods,
        Role.PLEASE: language.please,
        Role.THANKS: language.thanks,
        Role.REGRET: language.regret,
        Role.FOR_MY_PART: language.for_my_part,
        Role.SMILE: (),
    }[role]


ROLES = _table()
FAREWELLS = spelt(phrase for language in LANGUAGES for phrase in language.farewells)
BRIEF_FAREWELLS = spelt(phrase for language in LANGUAGES for phrase in language.brief_farewells)
GREETINGS = spelt(phrase for language in LANGUAGES for phrase in language.greetings)
BECAUSE = spelt(phrase for language in LANGUAGES for phrase in language.because)
CONDITIONS = spelt(phrase for language in LANGUAGES for phrase in language.conditions)
NEGATIONS = spelt(phrase for language in LANGUAGES for phrase in language.negations)
OBJECTIONS = spelt(phrase for language in LANGUAGES for phrase in language.objections)
# A Portuguese March without its accent is an Italian's name.
MOMENTS = spelt(p for language in LANGUAGES for p in language.moments) - {("marco",)}
REFUSING = spelt(phrase for language in LANGUAGES for phrase in language.refusing)
AMOUNTS = spelt(phrase for language in LANGUAGES for phrase in language.amounts)
LEANING_YES = spelt(phrase for language in LANGUAGES for phrase in language.leanings_yes)
LEANING_NO = spelt(phrase for language in LANGUAGES for phrase in language.leanings_no)
_LONGEST = max(
    len(phrase) for phrases in (ROLES, FAREWELLS, GREETINGS, BECAUSE) for phrase in phrases
)
# No name: what carries a meaning of its own, in whatever language.
TELLING = frozenset(
    word
    for phrases in (
        (phrase for phrase, role in ROLES.items() if role in VERDICTS),
        CONDITIONS,
        NEGATIONS,
        MOMENTS,
        OBJECTIONS,
        LEANING_YES,
        LEANING_NO,
        spelt(p for language in LANGUAGES for nth in language.ordinals for p in nth),
    )
    for phrase in phrases
    if len(phrase) == 1
    for word in phrase
)


def longest(found: Sequence[Piece], at: int, known: Container[Words]) -> int:
    """Return how many pieces, from `at` on, make up the longest of the `known` phrases."""
    run: list[str] = []
    for piece in found[at : at + _LONGEST]:
        if piece.sort in STOPS:
            break
        run.append(piece.form)
    return next((n for n in range(len(run), 0, -1) if tuple(run[:n]) in known), 0)


def holds(said: Words, known: frozenset[Words]) -> bool:
    """Tell whether any of the `known` phrases stands in `said`."""
    return count(said, known) > 0


def count(said: Words, known: frozenset[Words]) -> int:
    """Return at how many places of `said` one of the `known` phrases begins."""
    sizes = {len(phrase) for phrase in known}
    return sum(
        any(said[at : at + size] in known for size in sizes if at + size <= len(said))
        for at in range(len(said))
    )


def is_word(piece: Piece) -> bool:
    """Tell whether a piece is a word, not a sign or a stop."""
    return piece.sort is Sort.WORD
