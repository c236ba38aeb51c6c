"""What stands around an answer and says nothing: a greeting, courtesies, a farewell, a name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain.reading.languages.language import listed
from bot.domain.reading.phrases import (
    BRIEF_FAREWELLS,
    FAREWELLS,
    GREETINGS,
    ROLES,
    TELLING,
    Role,
    is_word,
    longest,
)
from bot.domain.reading.spelling import STOPS, Piece, Sort, pieces

_TITLES = frozenset(
    listed("mr | mrs | ms | dr | prof | herr | herrn | frau | madame | monsieur | sr | sra")
)
# "Caro" is dear and expensive: these greet only with a name behind them.
_NAMED = frozenset(
    listed(
        "dear | cher | chère | chere | caro | cara | querido | querida | liebe | lieber | beste |"
        " geachte | prezado | prezada | estimado | estimada | gentile | egregio"
    )
)
_LINKS = frozenset(
    listed(
        "of | and | the | for | at | der | die | des | für | und | de | du | la | del | da | do |"
        " di | della | van | von | en | y | e | et | i | a"
    )
)
_PARTICLES = frozenset(listed("de | van | von | der | den | da | do | di | la | le | del"))
_ADVERB = re.compile(r"(?:ly|mente|weise|ment|erweise)$")
_NAMES_AFTER_GREETING = 4
_LINES_OF_A_SIGNATURE = 5
_LY_NAMES = frozenset(
    listed(
        "sally | kelly | emily | billy | molly | lily | holly | polly | kimberly | carly | shelly |"
        " ally | lilly | willy | nelly | clement | clément"
    )
)
_DEVICE = re.compile(
    r"(?:sent|get|envoyé|enviado|inviato|verzonden|verstuurd|gesendet|von|obtenez)"
    r"(?: (?:from|depuis|desde|de|do|dal|da|vanaf|von|via|pour|for|meinem|meiner|my|mon|mi|meu|mio|"
    r"mijn|outlook))*"
    r" (?:iphone|ipad|ios|android|samsung galaxy|samsung|galaxy|handy|smartphone|telefon|mobile|"
    r"phone|móvil|celular|telemóvel|telefono|cellulare|telefoon|outlook)(?: phone| device)?"
    r"(?: gesendet)?\.?",
    re.IGNORECASE,
)
_ADDRESS = re.compile(
    r"[\w.+\-]+@[\w.\-]+|(?:https?://|www\.)\S+|[+(]?\d[\d\s()/.\-]{4,}", re.ASCII
)


@dataclass(frozen=True, slots=True)
class Text:
    """An answer as it is seen, and what it is made of."""

    seen: str
    pieces: Sequence[Piece]
    names: frozenset[str] = frozenset()
    """The words of its author's name, and of others' who may be named without saying anything."""

    @classmethod
    def of(cls, seen: str, names: frozenset[str] = frozenset()) -> Text:
        """Return the text `seen` without the line that a phone puts under a mail."""
        above, _, last = seen.rpartition("\n")
        kept = above.rstrip() if above and _DEVICE.fullmatch(last.strip()) else seen
        # Around the whole of it, quotes and Slack's marks of emphasis change nothing.
        while len(kept) > 2 and kept[0] == kept[-1] and kept[0] in "\"'*_`":
            kept = kept[1:-1].strip()
        return cls(kept, pieces(kept), names)

    def after_stops(self, at: int) -> int:
        """Return where the next piece is that is no stop."""
        while at < len(self.pieces) and self.pieces[at].sort in STOPS:
            at += 1
        return at

    def after_greeting(self) -> int:
        """Return where the answer begins: behind a greeting and the name of who is greeted."""
        start = self.after_stops(0)
        at = start + longest(self.pieces, start, GREETINGS)
        if at == start:
            return start
        named = at
        dear = self.pieces[start].form in _NAMED
        while named < len(self.pieces) and named - at < _NAMES_AFTER_GREETING:
            if not self._is_name(named) or (dear and not self._is_capital(named)):
                break
            named += 1
            if self.pieces[named - 1].form in _TITLES and self._is_stop(named, "."):
                named += 1
        if dear and named == at:
            return start
        # A name ends with a stop: "hi no approved" greets nobody.
        if named > at and named < len(self.pieces) and self.pieces[named].sort not in STOPS:
            return start
        return self.after_stops(named)

    def after_courtesy(self, at: int) -> tuple[int, Role] | None:
        """Return where a courtesy that begins at `at` ends, and which it is."""
        size = longest(self.pieces, at, ROLES)
        if not size:
            return None
        role = ROLES[tuple(piece.form for piece in self.pieces[at : at + size])]
        at += size
        if role is Role.THANKS:
            ends = self._after_name(at, most=2)
            at = ends if ends == len(self.pieces) or self.pieces[ends].sort in STOPS else at
        return at, role

    def farewell(self, at: int) -> Role | None:
        """Return a role when all from `at` on only ends a letter: thanks, or another farewell."""
        if at and self.pieces[at - 1].sort in STOPS and self._is_known_name(at):
            return Role.SMILE
        if self._is_delimiter(at):
            return Role.SMILE if self._only_signs(at + 3) else None
        brief = longest(self.pieces, at, BRIEF_FAREWELLS)
        size = max(brief, longest(self.pieces, at, FAREWELLS))
        if not size or (at and self.pieces[at - 1].sort not in STOPS):
            return None
        ends = at + size
        if ends < len(self.pieces) and self.pieces[ends].sort not in STOPS and size != brief:
            return None
        form = tuple(piece.form for piece in self.pieces[at:ends])
        role = Role.THANKS if ROLES.get(form) is Role.THANKS else Role.SMILE
        behind = self.after_stops(ends)
        # Behind a full stop a capital letter makes no name: "Thanks. Temporarily."
        same_line = all(piece.sort is Sort.STOP for piece in self.pieces[ends:behind])
        if (
            behind < len(self.pieces)
            and same_line
            and any(piece.form != "," for piece in self.pieces[ends:behind])
        ):
            return None
        return role if self._only_signs(behind) else None

    def _only_signs(self, at: int) -> bool:
        """Tell whether from `at` on there are a name and the lines of a signature, or nothing."""
        if at == len(self.pieces):
            return True
        more = longest(self.pieces, at, FAREWELLS)
        if more and (at + more == len(self.pieces) or self.pieces[at + more].sort in STOPS):
            return self._only_signs(self.after_stops(at + more))
        named = self._after_name(at, most=5)
        if named == at:
            return False
        if named < len(self.pieces) and self._is_stop(named, "."):
            named += 1
        if named == len(self.pieces):
            return True
        if self.pieces[named].sort not in (Sort.LINE, Sort.BLANK) and not self._is_stop(named, "|"):
            return False
        lines = self.seen[self.pieces[named].start :].strip().splitlines()
        return len(lines) <= _LINES_OF_A_SIGNATURE and all(map(_is_title, lines))

    def _after_name(self, at: int, *, most: int) -> int:
        named = at
        while named < len(self.pieces) and named - at < most:
            if not self._is_capital(named):
                if not (named > at and self._is_particle(named)):
                    break
                named += 1
                continue
            form = self.pieces[named].form
            if (len(form) == 1 or form in _TITLES) and self._is_stop(named + 1, "."):
                named += 2  # an initial, or a title
                continue
            if not self._is_name(named) or _is_adverb(self.pieces[named].form):
                break
            named += 1
        return named

    def _is_name(self, at: int) -> bool:
        piece = self.pieces[at]
        letters = piece.form.replace("-", "").replace("'", "")
        return is_word(piece) and letters.isalpha() and not _tells(piece.form)

    def _is_capital(self, at: int) -> bool:
        return self.seen[self.pieces[at].start].isupper()

    def _is_particle(self, at: int) -> bool:
        """Tell whether a small word joins two parts of a name: "P. de Vries"."""
        return (
            self.pieces[at].form in _PARTICLES
            and at + 1 < len(self.pieces)
            and is_word(self.pieces[at + 1])
            and self._is_capital(at + 1)
        )

    def _is_known_name(self, at: int) -> bool:
        """Tell whether the rest is a known name; any other word may say something: "Revoked"."""
        rest = self.pieces[at:-1] if self.pieces[-1].form == "." else self.pieces[at:]
        return bool(rest) and all(p.form in self.names and not _tells(p.form) for p in rest)

    def _is_delimiter(self, at: int) -> bool:
        """Tell whether a signature is set off by two dashes on a line (RFC 3676, 4.3)."""
        signs = self.pieces[at : at + 3]
        return (
            at > 0
            and len(signs) == 3
            and self.pieces[at - 1].sort in (Sort.LINE, Sort.BLANK)
            and signs[0].form == signs[1].form == "-"
            and signs[2].sort in (Sort.LINE, Sort.BLANK)
        )

    def _is_stop(self, at: int, form: str) -> bool:
        return at < len(self.pieces) and self.pieces[at].form == form


def _tells(form: str) -> bool:
    return form in TELLING or any(part in TELLING for part in re.split("['-]", form))


def _is_adverb(form: str) -> bool:
    return form not in _LY_NAMES and _ADVERB.search(form) is not None


def _is_title(line: str) -> bool:
    """Tell whether a line of a signature names a role, a firm or an address, and says nothing."""
    rest = _ADDRESS.sub(" ", line)
    if not rest.strip(" |,.-:\t"):
        return True
    found = [piece for piece in pieces(rest) if piece.sort is not Sort.STOP and piece.form != "|"]
    return len(line) <= 80 and all(
        is_word(piece)
        and (piece.form in _LINKS or not (_tells(piece.form) or rest[piece.start].islower()))
        for piece in found
    )
