"""What a language gives to the reading of answers: phrases by what they mean, nothing else."""

from __future__ import annotations

from dataclasses import dataclass


def listed(text: str) -> tuple[str, ...]:
    """Return the phrases of a text in which they stand between bars."""
    return tuple(" ".join(part.split()) for part in text.split("|") if part.strip())


@dataclass(frozen=True, kw_only=True, slots=True)
class Language:
    """The phrases of one language; each must mean just this wherever it stands on its own."""

    yes: tuple[str, ...]
    """Says yes to what was asked."""
    no: tuple[str, ...]
    approve: tuple[str, ...]
    """Approves, however the question was put."""
    reject: tuple[str, ...]
    nods: tuple[str, ...] = ()
    """A yes, but beside thanks perhaps only a sign of having read it."""
    please: tuple[str, ...]
    thanks: tuple[str, ...]
    regret: tuple[str, ...]
    """Harmless beside a no."""
    for_my_part: tuple[str, ...]
    greetings: tuple[str, ...]
    farewells: tuple[str, ...]
    brief_farewells: tuple[str, ...] = ()
    """Abbreviations that a name may follow without a comma."""
    because: tuple[str, ...]
    conditions: tuple[str, ...]
    """Make what stands beside them conditional, limited, contrasted or doubtful."""
    negations: tuple[str, ...]
    objections: tuple[str, ...]
    """A question with one of these turns yes into no."""
    moments: tuple[str, ...]
    """When, not who: no names."""
    leanings_yes: tuple[str, ...]
    """Within a longer sentence they are a sign that it agrees."""
    leanings_no: tuple[str, ...]
    refusing: tuple[str, ...]
    """Verbs and nouns that a question may have to do with: whether to refuse something."""
    ordinals: tuple[tuple[str, ...], ...]
    """The words for first, second, and so on."""
    bare_ordinals: bool = True
    """Whether an ordinal alone can mean nothing else; in Portuguese some are days of the week."""
    numerals: tuple[str, ...]
    """The words for one, two, and so on."""
    articles: tuple[str, ...]
    option_words: tuple[str, ...]
    """What stands before a number, or behind an ordinal."""
    choosing: tuple[str, ...]
    """What says nothing but that the rest is chosen."""
    joining: tuple[str, ...]
    amounts: tuple[str, ...]
    """A question with one of these asks for a number."""
