"""Which options words choose: only when they are a label or its place, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from bot.domain.feedback import Answer, FeedbackRequest
from bot.domain.reading.frame import Text
from bot.domain.reading.languages import LANGUAGES
from bot.domain.reading.phrases import Role, Words, spelt
from bot.domain.reading.questions import (
    approving_is_clear,
    numbers_count_options,
    yes_and_no_are_clear,
)
from bot.domain.reading.spelling import STOPS, Sort, pieces, seen, words
from bot.domain.reading.verdicts import says
from bot.domain.text import folded

_OUTER = re.compile(r"^[\s\"'“”‘’.,!]+|[\s\"'“”‘’.,!]+$")
_JOINING = "|".join(sorted({re.escape(w) for language in LANGUAGES for w in language.joining}))
_PARTS = re.compile(
    rf"(\s*[,;\n&]\s*(?:(?:{_JOINING})\s+)?|\s+\+\s+|\s+(?:{_JOINING})\s+)", re.IGNORECASE
)
_MAX_PARTS = 24
_NUMBER = re.compile(r"#?([0-9]{1,3})[.)]?|\(([0-9]{1,3})\)")
_COURTESIES = {Role.PLEASE, Role.THANKS, Role.FOR_MY_PART, Role.SMILE}
_PLAIN = re.compile(r"[\w\s'\-]+")

_ARTICLES = spelt(word for language in LANGUAGES for word in language.articles)
_OPTION = spelt(word for language in LANGUAGES for word in language.option_words)
# "The second one", but not "one two".
_BEHIND = {("one",)}
_CHOOSING = spelt(phrase for language in LANGUAGES for phrase in language.choosing)
_ORDINALS = {
    phrase: (place, language.bare_ordinals)
    for language in reversed(LANGUAGES)
    for place, written in enumerate(language.ordinals, 1)
    for phrase in spelt(written)
}
_NUMERALS = {
    phrase: place
    for language in LANGUAGES
    for place, word in enumerate(language.numerals, 1)
    for phrase in spelt([word])
}


def chosen(request: FeedbackRequest, shown: str, names: frozenset[str]) -> Answer | None:
    """Return the options that `shown` surely chooses, or None."""
    options = request.options
    exact = [option for option in options if folded(option) == folded(shown)]
    if len(exact) == 1:
        return Answer(choices=(exact[0],))
    if "?" in shown or ".." in shown:
        return None
    labels = _labels(options, shown)
    if labels:
        return Answer(choices=(labels[0],)) if len(labels) == 1 else None
    found = {
        choice for core in _cores(Text.of(shown, names)) for choice in _readings(request, core)
    }
    if len(found) == 1:
        (options_meant,) = found
        if _begins_another(options, options_meant, shown):
            return None
        return Answer(choices=options_meant)
    return None if found else _polar(request, shown)


def _readings(request: FeedbackRequest, core: str) -> Iterator[tuple[str, ...]]:
    """Yield what `core` may choose; more than one reading is none."""
    one = _option(request, core)
    if one is not None:
        yield (one,)
    elif request.multiple:
        yield from _several(request, core)


def _cores(text: Text) -> Iterator[str]:
    """Yield `text` without a greeting, and then without ever more of what may only be courtesy."""
    start = text.after_greeting()
    ends = [at for at in range(start + 1, len(text.pieces) + 1) if _is_courtesy(text, at)]
    for first in {0, start}:
        for end in ends:
            if first < end:
                yield text.seen[text.pieces[first].start : text.pieces[end - 1].end]


def _is_courtesy(text: Text, at: int) -> bool:
    """Tell whether all from `at` on is courtesy, a farewell and a signature."""
    while at < len(text.pieces):
        if text.farewell(at) is not None:
            return True
        if text.pieces[at].sort in STOPS:
            at += 1
            continue
        known = text.after_courtesy(at)
        if known is None or known[1] not in _COURTESIES:
            return False
        at = known[0]
    return True


def _option(request: FeedbackRequest, core: str) -> str | None:
    """Return the option whose label or place `core` is."""
    label = _label(request.options, core)
    if label is not None:
        return label
    place = _place(core, request)
    if place is not None:
        return request.options[place - 1]
    rest = _without(core, _CHOOSING)
    if rest is None:
        rest = core
    else:
        label = _label(request.options, rest)
        place = _place(rest, request)
        if label is not None or place is not None:
            return label if label is not None else request.options[(place or 1) - 1]
    named = _without(_without(rest, _ARTICLES) or rest, _OPTION)
    return _label(request.options, named) if named else None


def _label(options: Sequence[str], core: str) -> str | None:
    same = _labels(options, core)
    return same[0] if len(same) == 1 else None


def _labels(options: Sequence[str], core: str) -> list[str]:
    """Return the options that these words may be the label of, and nothing else."""
    said = _folded(core)
    exact = [option for option in options if folded(option) == folded(core)]
    same = exact or [option for option in options if said and _folded(option) == said]
    # A label in which every sign could matter is not compared by its words alone.
    spoken = words(core)
    alike = [o for o in options if spoken and _PLAIN.fullmatch(seen(o)) and words(o) == spoken]
    if not same and _PLAIN.fullmatch(core.strip(" .,!;:-\n")):
        same = alike
    if not same and spoken:
        # "Pizza" is what a person writes of "🍕 Pizza".
        same = [option for option in options if _undecorated(option) == said != ""]
    return same


def _place(core: str, request: FeedbackRequest) -> int | None:
    """Return the place among the options, counted from 1, that `core` names by number or word."""
    if not numbers_count_options(request) or _labels_count(request.options):
        return None
    place = _number(core)
    return place if place is not None and 1 <= place <= len(request.options) else None


def _number(core: str) -> int | None:
    said = _folded(core)
    number = _NUMBER.fullmatch(said)
    if number is not None:
        return int(number[1] or number[2])
    spoken: Words = tuple(piece.form for piece in pieces(said) if piece.sort not in STOPS)
    if not spoken or any(piece.sort is Sort.STOP and piece.form != "." for piece in pieces(said)):
        return None
    article = spoken[0] if len(spoken) > 1 and spoken[:1] in _ARTICLES else ""
    spoken = spoken[1:] if article else spoken
    if len(spoken) == 2 and spoken[1:] in _OPTION and spoken[:1] in _ORDINALS:
        return _ORDINALS[spoken[:1]][0]
    if len(spoken) == 2 and spoken[:1] in _OPTION - _BEHIND:
        if spoken[1:] in _ORDINALS:
            return _ORDINALS[spoken[1:]][0]
        named = _NUMBER.fullmatch(spoken[1])
        return int(named[1]) if named else _NUMERALS.get(spoken[1:])
    if len(spoken) == 1 and spoken in _ORDINALS:
        place, bare = _ORDINALS[spoken]
        # “Prima” praises in German, and “a segunda” may be a Portuguese Monday.
        return place if bare or article not in ("", "a") else None
    return None


def _labels_count(options: Sequence[str]) -> bool:
    """Tell whether a label holds a word for a number, so that one may mean it."""
    return any((word,) in _NUMERALS or (word,) in _ORDINALS for o in options for word in words(o))


def _several(request: FeedbackRequest, core: str) -> Iterator[tuple[str, ...]]:
    """Yield every way to cut `core` into nothing but options."""
    parts = _PARTS.split(core.strip(" .,!\n"))
    size = len(parts) // 2 + 1
    if not 2 <= size <= _MAX_PARTS:
        return
    ways: list[set[frozenset[str]]] = [set() for _ in range(size + 1)]
    ways[0].add(frozenset())
    for end in range(1, size + 1):
        for start in range(end):
            if ways[start]:
                option = _option(request, "".join(parts[2 * start : 2 * end - 1]))
                if option is not None:
                    ways[end] |= {way | {option} for way in ways[start]}
    for way in ways[size]:
        # "Soup, no, peas": where a yes or no is an option, it may be meant as none.
        if len(way) < 2 or all(says(seen(option)) is None for option in way):
            yield tuple(option for option in request.options if option in way)


def _polar(request: FeedbackRequest, shown: str) -> Answer | None:
    """Return the option that alone says the same yes or no as `shown`."""
    options, said = request.options, says(shown)
    # "Agreed" to "Any objections?" is no yes.
    if said is None or not (yes_and_no_are_clear(request) and approving_is_clear(request)):
        return None
    meant = {option: says(seen(option)) for option in options}
    same = [option for option, verdict in meant.items() if verdict is said]
    other = [option for option, verdict in meant.items() if verdict is (not said)]
    if len(same) != 1 or len(other) != 1 or len(options) != 2:
        return None
    return Answer(choices=(same[0],))


def _begins_another(options: Sequence[str], meant: Sequence[str], shown: str) -> bool:
    """Tell whether another label begins with all of what was written."""
    said = words(shown)
    return any(words(o)[: len(said)] == said for o in options if o not in meant)


def _without(core: str, known: frozenset[Words]) -> str | None:
    """Return what stands behind the longest of the `known` phrases at the start of `core`."""
    found = pieces(core)
    forms = [piece.form if piece.sort not in STOPS else "" for piece in found]
    for size in range(min(6, len(found) - 1), 0, -1):
        if tuple(forms[:size]) in known:
            return core[found[size].start :]
    return None


def _folded(text: str) -> str:
    return _OUTER.sub("", folded(text))


def _undecorated(option: str) -> str:
    """Return a label without the emojis in front of it or behind it."""
    found = pieces(seen(option))
    kept = [p for p in found if p.sort is not Sort.SIGN or p.form.isascii()]
    if len(kept) == len(found) or not kept:
        return ""
    return _folded(" ".join(piece.form for piece in kept))
