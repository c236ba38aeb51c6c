"""What is written to a terminal: text from people is data there too."""

from __future__ import annotations

import sys

from bot.domain.instants import Micros, from_micros


def say(line: str) -> None:
    """Write a line to the standard output."""
    sys.stdout.write(line + "\n")


def plain(text: str) -> str:
    """Return `text` on one line and without what would steer the terminal."""
    return "".join(char if char.isprintable() else " " for char in text)


def moment(at: Micros) -> str:
    """Return a time to the second, in UTC."""
    return f"{from_micros(at):%Y-%m-%d %H:%M:%S} UTC"


def counted(number: int, one: str, many: str = "") -> str:
    """Return a number with what it counts."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
