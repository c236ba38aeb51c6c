"""`docs/security.md` names tests that exist, and none of its promises goes without one."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "security.md").read_text("utf-8")
ROWS = [
    tuple(cell.strip() for cell in line.strip("|").split("|"))
    for line in PAGE.splitlines()
    if line.startswith("|") and "---" not in line and "held by" not in line
]
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")


def test_every_promise_names_what_holds_it() -> None:
    assert len(ROWS) > 40
    for promise, tests in ROWS:
        assert NAMED.search(tests) or tests == "`make fuzz`", promise


def test_what_is_named_exists() -> None:
    for file, name in NAMED.findall(PAGE):
        path = ROOT / file
        assert path.is_file(), file
        assert re.search(rf"^(async )?def {name}\(", path.read_text("utf-8"), re.MULTILINE), name


def test_there_is_the_target_that_fuzzes() -> None:
    assert re.search(r"^fuzz:", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    assert "make fuzz" in (ROOT / ".ci" / "run").read_text("utf-8")
