"""What a check found: that all is well, or what is to be done."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """How urgent a finding is."""

    OK = "ok"
    NOTE = "note"
    """Nothing has to be done."""
    TODO = "todo"


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One thing that was checked; `do` says what to do, and is empty when that is nothing."""

    check: str
    state: State
    found: str
    do: str = ""


def ok(check: str, found: str) -> Finding:
    """Return that all is well."""
    return Finding(check=check, state=State.OK, found=found)


def note(check: str, found: str) -> Finding:
    """Return something that is worth knowing."""
    return Finding(check=check, state=State.NOTE, found=found)


def todo(check: str, found: str, do: str) -> Finding:
    """Return something that has to be done."""
    return Finding(check=check, state=State.TODO, found=found, do=do)
