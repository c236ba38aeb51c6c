"""Modules joined into one file: what is understood, what is refused, and that it runs the same."""

from __future__ import annotations

import pytest

from web.joining import CannotJoin, join_modules

STATE = "export const state = { seen: 0 };\nlet own = 1;\nexport function count() { own += 1; }\n"


def test_each_module_comes_after_what_it_needs_and_keeps_its_names_to_itself() -> None:
    sources = {
        "main.js": 'import { first as one } from "./a.js";\nimport { state } from "./state.js";\n'
        "const own = 3;\none(state);\n",
        "a.js": 'import {\n  state,\n  count,\n} from "./state.js";\nlet own = 2;\n'
        "export async function first() { count(); return state; }\nexport class Kept {}\n",
        "state.js": STATE,
        "alone.js": 'import { none } from "./nowhere.js";\n',
    }
    files = join_modules(sources, "main.js")
    assert list(files) == ["main.js"]
    text = files["main.js"]
    assert text.index("// state.js") < text.index("// a.js") < text.index("// main.js")
    assert "const { first: one } = $a;" in text
    assert "const {\n  state,\n  count,\n} = $state;" in text
    assert "Object.assign($a, { first, Kept }); }" in text
    assert text.rstrip().endswith("export { $state, $a, $main };")
    assert "alone" not in text


def test_what_is_wanted_later_has_files_of_its_own_and_shares_what_two_need() -> None:
    sources = {
        "main.js": 'import { state } from "./state.js";\n'
        'const pages = { a: () => import("./a.js"), b: () => import("./b.js") };\n',
        "a.js": 'import { zone } from "./zones.js";\nimport { row } from "./rows.js";\n'
        'import { state } from "./state.js";\nexport function showA() {}\n',
        "b.js": 'import { zone } from "./zones.js";\nexport const showB = 1;\n',
        "rows.js": "export function row() {}\n",
        "zones.js": "export function zone() {}\n",
        "state.js": STATE,
    }
    files = join_modules(sources, "main.js")
    assert sorted(files) == ["a.js", "b.js", "main.js"]
    assert "// zones.js" in files["main.js"]
    assert "// rows.js" not in files["main.js"]
    assert files["a.js"].startswith('import { $state, $zones } from "./main.js";\n// rows.js\n')
    assert files["a.js"].endswith("export const { showA } = $a;\n")
    assert files["b.js"].startswith('import { $zones } from "./main.js";\n// b.js\n')


@pytest.mark.parametrize(
    ("main", "said"),
    [
        ('import { a } from "./none.js";\n', "none.js, which is not there"),
        ('import { none } from "./a.js";\n', "none from a.js, which has none"),
        ('import a from "./a.js";\n', "import a from"),
        ('import * as a from "./a.js";\n', "cannot be joined"),
        ('import { a }\n  from "./a.js";\n', "cannot be joined"),
        ('import { a } from "https://elsewhere.example/a.js";\n', "cannot be joined"),
        ('import { "odd name" as a } from "./a.js";\n', "which is no name"),
        ("export default function a() {}\n", "cannot be joined"),
        ("export let changing = 1;\n", "cannot be joined"),
        ('export { a } from "./a.js";\n', "cannot be joined"),
        ('export * from "./a.js";\n', "cannot be joined"),
        ("const a = 1;\nexport { a };\n", "cannot be joined"),
        ("const all = import.meta.resolve('./a.js');\n", "import.meta"),
        ("const late = (name) => import(name);\n", "import("),
        ('import { a } from "./a.js";\nconst $a = 1;\n', "the name $a"),
        ('import { b } from "./b.js";\nexport const c = 1;\n', "main.js → b.js → main.js"),
    ],
)
def test_what_is_not_understood_is_refused_with_its_place(main: str, said: str) -> None:
    sources = {
        "main.js": main,
        "a.js": "export const a = 1;\n",
        "b.js": 'import { c } from "./main.js";\nexport const b = 1;\n',
    }
    with pytest.raises(CannotJoin) as caught:
        join_modules(sources, "main.js")
    assert said in caught.value.message
