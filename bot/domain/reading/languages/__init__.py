"""The languages in which answers are read by rules; a new one is one more file."""

from __future__ import annotations

from bot.domain.reading.languages.dutch import DUTCH
from bot.domain.reading.languages.english import ENGLISH
from bot.domain.reading.languages.french import FRENCH
from bot.domain.reading.languages.german import GERMAN
from bot.domain.reading.languages.italian import ITALIAN
from bot.domain.reading.languages.language import Language
from bot.domain.reading.languages.portuguese import PORTUGUESE
from bot.domain.reading.languages.spanish import SPANISH

LANGUAGES = (ENGLISH, GERMAN, FRENCH, SPANISH, PORTUGUESE, ITALIAN, DUTCH)

__all__ = ["LANGUAGES", "Language"]
