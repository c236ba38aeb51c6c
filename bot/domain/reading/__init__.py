"""Reading an answer: by rules where words surely decide, and a model's reading checked."""

from __future__ import annotations

from bot.domain.reading.questions import deciding_words
from bot.domain.reading.quoted import Claim, checked
from bot.domain.reading.reply import Unclear, read, unclear

__all__ = ["Claim", "Unclear", "checked", "deciding_words", "read", "unclear"]
