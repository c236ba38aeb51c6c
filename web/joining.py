"""Joins ES modules into one file for each way into them, so that one request brings all of a view.

Each module keeps its lines, in a block of its own, so that no two disturb each other; nothing is
shortened, and what the browser shows can be read. What is understood is what the page uses:

    import { name, other as mine } from "./neighbour.js";
    export function name() {…}        (also: async function, const, class)
    import("./later.js")            import.meta.url (its folder is the same)

Whatever else a module says at that place is refused, and so are circles among modules.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bot.domain.errors import HandraiseError

_IMPORT = re.compile(r'^import \{([^{}]*)\} from "\./([\w-]+\.js)";$', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async function|function|const|class) ([\w$]+))", re.MULTILINE)
_LATER = re.compile(r'\bimport\("\./([\w-]+\.js)"\)')
_NAME = re.compile(r"([\w$]+)(?: as ([\w$]+))?")
_DOLLAR = re.compile(r"(?<![\w$])\$\w+")
_LEFT = re.compile(
    r"^[ \t]*(?:import|export)\b(?!\().*$|\bimport\.meta\b(?!\.url)|\bimport\((?!\"\./)",
    re.MULTILINE,
)


class CannotJoin(HandraiseError):
    """The page's modules are not as they must be; the sentence says which and why."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Module:
    """One module, read."""

    name: str
    text: str
    needs: tuple[str, ...]
    """Modules that it imports, in the order of their first mention."""
    later: tuple[str, ...]
    """Modules that it imports while it runs."""
    exports: tuple[str, ...]

    @property
    def sign(self) -> str:
        """Return what its exports are called in the joined file."""
        return _sign(self.name)


def join_modules(sources: Mapping[str, str], entry: str) -> dict[str, str]:
    """Return the file for `entry`, and one for each module that is imported later, by name.

    A module that only one of the later ones needs is in that one's file; all others are in the
    first. `CannotJoin` says what stands against it.
    """
    modules = _reach(sources, entry)
    later = sorted({name for module in modules.values() for name in module.later})
    needed = {name: set(_in_order(modules, name)) for name in (entry, *later)}
    own: dict[str, list[Module]] = {name: [] for name in (entry, *later)}
    for module in _in_order(modules, *needed):
        homes = [name for name in (entry, *later) if module in needed[name]]
        own[homes[0] if len(homes) == 1 else entry].append(modules[module])
    files = {entry: _write(own[entry], foot=_handing_on(own[entry]))}
    for name in later:
        signs = sorted({_sign(one) for one in needed[name]} & {one.sign for one in own[entry]})
        head = f'import {{ {", ".join(signs)} }} from "./{entry}";\n' if signs else ""
        exports = ", ".join(modules[name].exports)
        files[name] = _write(
            own[name],
            head=head,
            foot=f"export const {{ {exports} }} = {modules[name].sign};\n" if exports else "",
        )
    return files


def read_module(name: str, text: str) -> Module:
    """Return a module's imports and exports; `CannotJoin` where it says them otherwise."""
    left = _LEFT.search(_EXPORT.sub("", _LATER.sub("", _IMPORT.sub("", text))))
    if left is not None:
        raise CannotJoin(f"{name} says “{left.group().strip()}”, which cannot be joined.")
    return Module(
        name=name,
        text=text,
        needs=tuple(dict.fromkeys(match[2] for match in _IMPORT.finditer(text))),
        later=tuple(dict.fromkeys(_LATER.findall(text))),
        exports=tuple(_EXPORT.findall(text)),
    )


def _reach(sources: Mapping[str, str], entry: str) -> dict[str, Module]:
    """Read every module that is reached from `entry`, now or later, and check their ties."""
    modules: dict[str, Module] = {}
    waiting = [(entry, entry)]
    while waiting:
        name, by = waiting.pop()
        if name in modules:
            continue
        if name not in sources:
            raise CannotJoin(f"{by} imports {name}, which is not there.")
        module = modules[name] = read_module(name, sources[name])
        waiting.extend((each, name) for each in (*module.needs, *module.later))
    for module in modules.values():
        _check(module, modules)
    return modules


def _check(module: Module, modules: Mapping[str, Module]) -> None:
    for match in _IMPORT.finditer(module.text):
        for wanted, _ in _names(module.name, match[1]):
            if wanted not in modules[match[2]].exports:
                raise CannotJoin(f"{module.name} imports {wanted} from {match[2]}, which has none.")
    taken = {other.sign for other in modules.values()} & set(_DOLLAR.findall(module.text))
    if taken:
        raise CannotJoin(f"{module.name} uses the name {taken.pop()}, which joining needs.")


def _names(module: str, text: str) -> Iterator[tuple[str, str]]:
    for part in filter(None, (part.strip() for part in text.split(","))):
        match = _NAME.fullmatch(part)
        if match is None:
            raise CannotJoin(f"{module} imports “{part}”, which is no name.")
        yield match[1], match[2] or match[1]


def _in_order(modules: Mapping[str, Module], *entries: str) -> list[str]:
    """Return modules so that each comes after those it needs; `CannotJoin` for a circle."""
    done: dict[str, None] = {}
    path: list[str] = []

    def visit(name: str) -> None:
        if name in done:
            return
        if name in path:
            circle = " → ".join([*path[path.index(name) :], name])
            raise CannotJoin(f"These modules import each other: {circle}.")
        path.append(name)
        for need in modules[name].needs:
            visit(need)
        path.pop()
        done[name] = None

    for entry in entries:
        visit(entry)
    return list(done)


def _handing_on(modules: list[Module]) -> str:
    """Return what lets the later files reach the modules of the first."""
    return f"export {{ {', '.join(module.sign for module in modules)} }};\n"


def _write(modules: list[Module], *, head: str = "", foot: str) -> str:
    return head + "".join(map(_block, modules)) + foot


def _block(module: Module) -> str:
    """Return a module as a block whose exports its sign holds."""

    def bind(match: re.Match[str]) -> str:
        return f"const {{{match[1].replace(' as ', ': ')}}} = {_sign(match[2])};"

    lines = _EXPORT.sub("", _IMPORT.sub(bind, module.text)).rstrip("\n")
    exports = ", ".join(module.exports)
    return (
        f"// {module.name}\nconst {module.sign} = {{}}; {{\n{lines}\n"
        f"Object.assign({module.sign}, {{ {exports} }}); }}\n\n"
    )


def _sign(name: str) -> str:
    return "$" + re.sub(r"\W", "_", name.removesuffix(".js"))
