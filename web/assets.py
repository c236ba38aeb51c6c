"""The page's files as they go over the wire: compressed once, and named by what is in them."""

from __future__ import annotations

import gzip
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from web.joining import join_modules

FOREVER = "public, max-age=31536000, immutable"
"""For addresses that name their content (RFC 8246)."""
ANEW = "no-cache"
"""For addresses that stay while their content changes: kept, and asked for every time."""

# Said here, since what a machine's own table says differs; a module of a wrong type does not load.
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}
_PACKED = frozenset({".css", ".html", ".js", ".svg", ".webmanifest"})
_SHEETS = "styles/page.css"
"""All of the page's style sheets in one, which is made here."""
_SHEET = re.compile(r' *<link rel="stylesheet" href="/static/(styles/[\w-]+\.css)">\n')
_MARK = "<!-- styles -->"
_SCRIPTS = "scripts/"
_ENTRY = "main.js"
"""The module that the page names; what it needs comes with it, what it needs later comes later."""
_HASH = 16


@dataclass(frozen=True, kw_only=True, slots=True)
class Asset:
    """One file, kept in the smaller of its two forms: hardly anybody asks for the other."""

    kept: bytes
    packed: bool
    """Whether `kept` is in gzip."""
    kind: str
    tag: str

    @property
    def body(self) -> bytes:
        """Return the file itself."""
        return gzip.decompress(self.kept) if self.packed else self.kept


@dataclass(frozen=True, kw_only=True, slots=True)
class Assets:
    """All files of one version of the page; `version` changes with any of them."""

    version: str
    files: Mapping[str, Asset]
    front: Asset
    """The page itself, which names everything else by its version."""

    def find(self, path: str) -> tuple[Asset, str] | None:
        """Return the file at a path below `/static/`, and how long it may be kept."""
        version, _, rest = path.partition("/")
        if version == self.version:
            found, keep = self.files.get(rest), FOREVER
        else:
            # A page that was loaded before the last change reads on from what is here now.
            old = len(version) == _HASH and version.isalnum() and rest in self.files
            found, keep = self.files.get(rest if old else path), ANEW
        return None if found is None else (found, keep)


def read_assets(folder: Path) -> Assets:
    """Read the pages' folder; under a megabyte stays in memory.

    Raises `CannotJoin` where the modules are not as they must be.
    """
    bodies = {
        PurePosixPath(path.relative_to(folder)).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix in TYPES
    }
    bodies |= _joined_scripts(bodies)
    page = bodies["index.html"].decode()
    sheets = _SHEET.findall(page)
    bodies[_SHEETS] = b"\n".join(bodies[name] for name in sheets)
    together = f'  <link rel="stylesheet" href="/static/{_SHEETS}">\n'
    page = _SHEET.sub("", _SHEET.sub(f"{_MARK}\\g<0>", page, count=1)).replace(_MARK, together)
    version = _digest(*(part for name in bodies for part in (name.encode(), bodies[name])))
    page = page.replace('"/static/', f'"/static/{version}/')
    return Assets(
        version=version,
        files={name: _asset(name, body) for name, body in bodies.items()},
        front=_asset("index.html", page.encode()),
    )


def _joined_scripts(bodies: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the joined modules in place of those that are asked for by name."""
    modules = {
        name.removeprefix(_SCRIPTS): body.decode()
        for name, body in bodies.items()
        if name.startswith(_SCRIPTS)
    }
    joined = join_modules(modules, _ENTRY)
    return {f"{_SCRIPTS}{name}": text.encode() for name, text in joined.items()}


def _asset(name: str, body: bytes) -> Asset:
    suffix = PurePosixPath(name).suffix
    packed = gzip.compress(body, 9, mtime=0) if suffix in _PACKED else body
    gains = len(packed) < len(body)
    return Asset(
        kept=packed if gains else body, packed=gains, kind=TYPES[suffix], tag=_digest(body)
    )


def _digest(*parts: bytes) -> str:
    found = hashlib.sha256()
    for part in parts:
        found.update(len(part).to_bytes(8, "big") + part)
    return found.hexdigest()[:_HASH]
