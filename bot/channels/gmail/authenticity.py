"""Whether a mail is from whom it says: what our own mail server checked, and nothing else.

Headers are the sender's to write, but for the one that the receiving server puts on top (RFC 8601,
section 5). ARC says what others checked, so it is not trusted.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from authres import AuthenticationResultsHeader
from authres.core import AuthenticationResult, AuthResError
from publicsuffixlist import PublicSuffixList

from bot.channels.gmail.addresses import Address, ascii_domain
from bot.channels.gmail.mail import Mail

GOOGLE = "mx.google.com"
"""The authserv-id that Gmail writes."""

# Google's own is under 2,000; the library's time grows with the square.
_HEADER_CHARS = 8 * 1024
_WORD = re.compile(r"[^\s;=()@<>\"]*[^\x00-\x7f][^\s;=()@<>\"]*")


@dataclass(frozen=True, kw_only=True, slots=True)
class Authenticity:
    """`sender` is who wrote a mail for certain; None, and `reason` says why, for anybody else.

    `claimed` is who it says it is from: fit to be shown, and for a confirm link to the address on
    file.
    """

    sender: Address | None
    claimed: Address | None
    reason: str


def authenticity(mail: Mail, *, server: str = GOOGLE) -> Authenticity:
    """Return who wrote `mail`, by the top Authentication-Results of `server`.

    It needs dmarc=pass for From's domain, or a dkim or spf pass of a domain under the same
    registered one (relaxed alignment, RFC 7489, section 3.1). dmarc=fail is final. A From that is
    not exactly one plain address is nobody's.
    """
    claimed = mail.from_.found[0] if mail.from_.found else None
    if mail.sender is None:
        return Authenticity(sender=None, claimed=claimed, reason="from_not_one_address")
    reason = _refusal(mail, mail.sender.domain, server)
    sender = None if reason else mail.sender
    return Authenticity(sender=sender, claimed=claimed, reason=reason)


def aligned(one: str, other: str) -> bool:
    """Tell whether two domains belong to one registered domain (public suffix list)."""
    first, second = ascii_domain(one), ascii_domain(other)
    if not first or not second:
        return False
    if first == second:
        return True
    registered = _registered(first)
    return registered is not None and registered == _registered(second)


def _refusal(mail: Mail, domain: str, server: str) -> str:
    top = mail.first("Authentication-Results")
    if top is None:
        return "no_results"
    found = _results(top)
    if found is None:
        return "results_unreadable"
    server_id, results = found
    if server_id != server.casefold():
        return "results_of_another_server"
    dmarc = [result for result in results if result.method == "dmarc"]
    if any(result.result not in {"pass", "none", "temperror", "permerror", "bestguesspass"}
           for result in dmarc) or len(dmarc) > 1:  # fmt: skip
        return "dmarc_failed"
    if dmarc and dmarc[0].result == "pass":
        named = _values(dmarc[0], "header", "from")
        if not named:
            return ""
        return "" if all(aligned(value, domain) for value in named) else "dmarc_of_another_domain"
    if any(_vouches(result, domain) for result in results):
        return ""
    return "not_aligned" if any(r.result == "pass" for r in results) else "nothing_passed"


def _vouches(result: AuthenticationResult, domain: str) -> bool:
    if result.result != "pass":
        return False
    match result.method:
        case "dkim":
            # The signing domain; `i` may name a part of it (RFC 6376, section 3.5).
            named = _values(result, "header", "d") or _values(result, "header", "i")
        case "spf":
            # HELO is nobody's From: only the envelope's sender counts.
            named = _values(result, "smtp", "mailfrom") or _values(result, "smtp", "mail")
        case _:
            return False
    return bool(named) and all(aligned(value.rpartition("@")[2], domain) for value in named)


def _values(result: AuthenticationResult, kind: str, name: str) -> list[str]:
    return [str(p.value) for p in result.properties if (p.type, p.name) == (kind, name) and p.value]


def _results(value: str) -> tuple[str, list[AuthenticationResult]] | None:
    """Return the server's id and its results, None where they cannot be read for certain."""
    if len(value) > _HEADER_CHARS:
        return None
    plain = _without_comments(value)
    if plain is None:
        return None
    plain = _WORD.sub(lambda word: ascii_domain(word[0]) or "?", plain)
    try:
        header = AuthenticationResultsHeader.parse_value(" ".join(plain.split()))
    except (AuthResError, ValueError, TypeError, AttributeError, RecursionError):
        return None
    return header.authserv_id, [r for r in header.results if isinstance(r, AuthenticationResult)]


def _without_comments(value: str) -> str | None:
    """Return `value` without comments; None where a sender may have broken out of one.

    Servers repeat the envelope's sender in a comment. Only a quoted address can hold a bracket, so
    a quote or a backslash in there means that somebody tries.
    """
    kept: list[str] = []
    depth, quoted = 0, False
    for char in value:
        if depth:
            if char in '"\\':
                return None
            depth += (char == "(") - (char == ")")
            if not depth:
                kept.append(" ")
        elif quoted:
            if char in "();\\":
                return None
            quoted = char != '"'
            kept.append(char)
        elif char == "(":
            depth = 1
        elif char == ")":
            return None
        else:
            quoted = char == '"'
            kept.append(char)
    return None if depth or quoted else "".join(kept)


@cache
def _suffixes() -> PublicSuffixList:
    # What comes with the package; nothing is fetched.
    return PublicSuffixList()


def _registered(domain: str) -> str | None:
    found = _suffixes().privatesuffix(domain)
    return str(found) if found else None
