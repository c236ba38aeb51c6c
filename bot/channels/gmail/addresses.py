"""Mail addresses as headers hold them: names are only for show, the address alone counts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import idna

from bot.channels.gmail.headers import words

# As much of a header as is read: a list of people longer than this is cut.
ADDRESS_HEADER = 64 * 1024
_SPEC = re.compile(r'[^\s@<>()\[\]\\,;:"]{1,64}@[^\s@<>()\[\]\\,;:"\'/]{1,253}')


@dataclass(frozen=True, kw_only=True, slots=True)
class Address:
    """One address; `email` has its domain in lower-case ASCII, `name` is what its writer chose."""

    email: str
    name: str = ""

    @property
    def folded(self) -> str:
        """The address for comparing: no mail service we know tells upper from lower case."""
        return self.email.casefold()

    @property
    def domain(self) -> str:
        return self.email.rpartition("@")[2]


@dataclass(frozen=True, kw_only=True, slots=True)
class Addresses:
    """What one header lists; `odd` where it holds more, or other things, than plain addresses."""

    found: tuple[Address, ...] = ()
    odd: bool = False


def parsed(value: str) -> Addresses:
    """Return the addresses of a header's unfolded value (RFC 5322, section 3.4); never raises.

    Encoded words are decoded in names only, after the splitting: none can add an address.
    """
    found: list[Address] = []
    odd = len(value) > ADDRESS_HEADER
    for part in _parts(value[:ADDRESS_HEADER]):
        spec = part.angle if part.angle is not None else part.plain
        # A route ("@a,@b:user@host", obsolete) is read, and is odd.
        routed = spec.rpartition(":")[2].strip()
        address = _address(routed)
        name = part.plain.strip() if part.angle is not None else part.comment
        odd = odd or part.group or routed != spec.strip() or part.broken
        if address is None:
            odd = True
            continue
        # "boss@corp.com <other@host>" without quotation marks: which one is meant?
        if part.angle is not None and "@" in part.unquoted and part.unquoted.strip() != routed:
            odd = True
        found.append(Address(email=address, name=_name(name)))
    return Addresses(found=tuple(found), odd=odd)


def ascii_domain(domain: str) -> str | None:
    """Return `domain` in lower-case ASCII (UTS 46, where ß is a letter); None if it is none."""
    domain = domain.strip().rstrip(".").lower()
    if domain.isascii():
        return domain or None
    try:
        return idna.encode(domain, uts46=True).decode()
    except (idna.IDNAError, UnicodeError, ValueError, IndexError):
        return None


def _address(spec: str) -> str | None:
    if not _SPEC.fullmatch(spec) or "=?" in spec:
        return None
    local, _, domain = spec.rpartition("@")
    ascii_form = ascii_domain(domain)
    return f"{local}@{ascii_form}" if ascii_form else None


def _name(text: str) -> str:
    plain = re.sub(r"\\(.)", r"\1", text.replace('\\"', "\0")).replace('"', "")
    return words(plain.replace("\0", '"'))[:200].strip()


@dataclass(kw_only=True, slots=True)
class _Part:
    plain: str = ""
    unquoted: str = ""
    angle: str | None = None
    comment: str = ""
    group: bool = False
    broken: bool = False

    @property
    def empty(self) -> bool:
        return not self.plain.strip() and self.angle is None


def _parts(value: str) -> Iterator[_Part]:
    """Yield what stands between the commas, aware of quotes, comments and angle brackets."""
    part = _Part()
    plain: list[str] = []
    unquoted: list[str] = []
    angle: list[str] | None = None
    comment: list[str] = []
    depth, quoted, escaped, group = 0, False, False, False

    def ended() -> _Part:
        part.plain, part.unquoted = "".join(plain), "".join(unquoted)
        part.comment = "".join(comment)
        part.group = group
        for written in (plain, unquoted, comment):
            written.clear()
        return part

    for char in value:
        into = comment if depth else plain if angle is None else angle
        if escaped:
            escaped = False
            into.append(char)
        elif char == "\\" and (quoted or depth):
            escaped = True
            if quoted:
                into.append(char)
        elif quoted:
            quoted = char != '"'
            into.append(char)
        elif depth:
            depth += (char == "(") - (char == ")")
            if depth:
                comment.append(char)
        elif char == '"':
            quoted = True
            into.append(char)
        elif char == "(":
            depth = 1
            part.broken = part.broken or angle is not None
        elif angle is not None:
            if char == ">":
                part.broken = part.broken or part.angle is not None
                part.angle, angle = "".join(angle), None
            else:
                angle.append(char)
        elif char == "<":
            angle = []
        elif char == ":":
            group = True
            plain.clear()
            unquoted.clear()
        elif char in ",;":
            if not ended().empty:
                yield part
            part = _Part()
            group = group and char == ","
        else:
            part.broken = part.broken or (part.angle is not None and not char.isspace())
            plain.append(char)
            unquoted.append(char)
    if angle is not None:
        part.angle = "".join(angle)
    open_end = angle is not None or quoted or depth > 0
    if not ended().empty or open_end:
        part.broken = part.broken or open_end
        yield part
