"""Who said it first: finds in a text what it repeats of somebody, word for word."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

RUN = 4
"""So many words in a row are a quotation, whatever their case and punctuation."""
SHORT = 8
"""Characters; of what somebody said in fewer words than `RUN`, what is shorter (a yes, a colour) is
nobody's words."""

# Scripts that put no spaces between words: Thai to Khmer, kana, Han.
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\U00020000-\U0003ffff"
_WORD = re.compile(rf"[{_UNSPACED}]|[^\W{_UNSPACED}]+")


@dataclass(frozen=True, slots=True)
class Heard:
    """What was said so far in one conversation, by one person and by everybody else.

    Of runs of words only their hashes are kept: a long conversation has a million of them.
    """

    theirs: set[int] = field(default_factory=set)
    others: set[int] = field(default_factory=set)

    def by_them(self, text: str) -> None:
        """Note what the person said; what stood in others' words before stays those people's."""
        self.theirs.update(_runs(text) - self.others)

    def by_others(self, text: str) -> None:
        """Note what somebody else said, or the agent."""
        self.others.update(_runs(text))

    def without(self, text: str, names: Collection[str], instead: str) -> str:
        """Return a text without the person's words, and without their names as whole words."""
        spans = [*self._quoted(text), *_named(text, names)]
        return _cut(text, spans, instead)

    def _quoted(self, text: str) -> Iterable[tuple[int, int]]:
        if not self.theirs:
            return
        found = list(_WORD.finditer(text))
        words = [match[0].casefold() for match in found]
        for length in range(1, RUN + 1):
            for start in range(len(words) - length + 1):
                if hash(tuple(words[start : start + length])) in self.theirs:
                    yield found[start].start(), found[start + length - 1].end()


def _runs(text: str) -> set[int]:
    words = _words(text)
    if len(words) < RUN:
        return {hash(tuple(words))} if len(text.strip()) >= SHORT and words else set()
    return {hash(tuple(words[start : start + RUN])) for start in range(len(words) - RUN + 1)}


def _words(text: str) -> list[str]:
    return [found.casefold() for found in _WORD.findall(text)]


def _named(text: str, names: Collection[str]) -> Iterable[tuple[int, int]]:
    for name in names:
        for found in re.finditer(rf"(?<!\w){re.escape(name)}(?!\w)", text):
            yield found.span()


def _cut(text: str, spans: Sequence[tuple[int, int]], instead: str) -> str:
    if not spans:
        return text
    joined: list[list[int]] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1][1] = max(joined[-1][1], end)
        else:
            joined.append([start, end])
    parts = [text[: joined[0][0]]]
    for (_, end), (start, _) in pairwise([*joined, [len(text), len(text)]]):
        parts += [instead, text[end:start]]
    return "".join(parts)
