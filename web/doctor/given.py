"""The settings as far as they can be read: a wrong one is a finding and ends no check."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from pydantic_core import PydanticUndefined

from bot.settings import Settings, SettingsError, variable_names
from web.doctor.findings import Finding, note, ok, todo

_STAND_INS: Mapping[str, object] = {"public_url": "https://unset.invalid"}
_TRIES = 20


@dataclass(frozen=True, kw_only=True, slots=True)
class Given:
    """The settings, with stand-ins for the wrong ones; those are named in `wrong`."""

    settings: Settings | None
    wrong: frozenset[str]
    faults: tuple[str, ...]


def load() -> Given:
    """Read the settings, and again without each wrong one, until the rest can be read."""
    names = {variable: name for name, variable in variable_names().items()}
    stand_ins: dict[str, Any] = {}
    faults: dict[str, None] = {}
    wrong: set[str] = set()
    for _ in range(_TRIES):
        try:
            return Given(
                settings=Settings.load(**stand_ins), wrong=frozenset(wrong), faults=tuple(faults)
            )
        except SettingsError as error:
            found = {names[v]: f for f in error.faults if (v := f.split(" ", 1)[0]) in names}
            faults.update(dict.fromkeys(error.faults))
            if not found.keys() - wrong:
                break
            wrong |= found.keys()
            stand_ins |= {name: _stand_in(name) for name in found}
    return Given(settings=None, wrong=frozenset(wrong), faults=tuple(faults))


def check(given: Given) -> list[Finding]:
    """Return what is wrong with the settings themselves."""
    found = [_wrong(fault) for fault in given.faults]
    settings = given.settings
    if settings is None:
        return found
    if not found:
        found.append(ok("settings", "Every setting can be read."))
    if settings.debug:
        found.append(
            note(
                "mode",
                "This is development (DEBUG=true): set DEBUG=false wherever others can reach it.",
            )
        )
    elif "public_url" not in given.wrong:
        found.append(_public_url(settings.public_url))
    how = settings.registration
    domains = f" of {', '.join(settings.registration_domains)}" if how == "domain" else ""
    found.append(note("registration", f"Registration is {how}{domains}."))
    if settings.secret_key_previous:
        found.append(
            note(
                "rotation",
                "A former SECRET_KEY is still read: once `handraise secrets rotate` has nothing "
                "left to do, take SECRET_KEY_PREVIOUS away.",
            )
        )
    return found


def _public_url(url: str) -> Finding:
    parts = urlsplit(url)
    if parts.scheme != "https":
        return todo(
            "public_url",
            "PUBLIC_URL is not https: passwords and sign-ins would cross the network in the clear.",
            "Put a proxy that terminates TLS in front, and set PUBLIC_URL to its https:// address.",
        )
    return ok("public_url", f"People open {url}.")


def _wrong(fault: str) -> Finding:
    variable, _, wanted = fault.partition(" ")
    what, colon, do = wanted.partition(": ")
    if not colon:
        return todo("settings", f"{variable} is wrong.", f"{variable} {wanted}")
    return todo("settings", f"{variable} {what}.", f"{do[:1].upper()}{do[1:]}")


def _stand_in(name: str) -> object:
    if name == "secret_key":
        return secrets.token_hex(32)
    if name in _STAND_INS:
        return _STAND_INS[name]
    default = Settings.model_fields[name].default
    return "" if default is PydanticUndefined else default
