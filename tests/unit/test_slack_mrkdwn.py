"""Markdown in Slack's markup: what it looks like, that it mentions nobody, and how it is cut."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.slack.escaping import cut_escaped, escape, exact, link, name
from bot.channels.slack.mrkdwn import messages
from tests.unit.slack_caps import UNSEEN, check_text, units

GAP = "\u200b"
NASTY = st.sampled_from(
    [
        "<!channel>", "<!here|x>", "<@U123>", "<!subteam^S1>", "<#C1>", "@channel", "@Everyone",
        "&", "<", ">", "&amp;", "&lt;!here&gt;", "```", "`", "*", "_", "~~", "**", "\u202e", "\x00",
        "[a](http://x.y/?a=1&b=<c>)", "[<!here>](https://e.org)", "![i](http://i.j/k)", "\n",
        "\n\n",
        "# ", "- ", "1. ", "    ", "> ", "| a | b |\n|---|---|\n| c | d |\n", "http://a.b/c_d_e",
        "👍", "😀" * 50, "x" * 200, "<http://a|b>", "|", "\ud800", "\\", "---\n", "<!date^1^x|y>",
    ]
)  # fmt: skip
TEXTS = st.lists(st.one_of(NASTY, st.text(max_size=30)), max_size=40).map("".join)


def written(markdown: str) -> str:
    return "\n§\n".join(messages(markdown)).replace(GAP, "¦").replace("\u2060", "·")


@pytest.mark.parametrize(
    ("markdown", "slack"),
    [
        ("plain", "plain"),
        ("# Title", "*Title*"),
        ("## A **bold** title", "*A bold title*"),
        ("**b** *i* ~~s~~ `c`", "*b* _i_ ~s~ `c`"),
        ("**a _b_ c**", "*a _b_ c*"),
        ("***both***", "_*both*_"),
        ("foo**bar**baz", "foo¦*bar*¦baz"),
        ("**two\nlines**", "*two*\n*lines*"),
        ("a & b < c > d", "a &amp; b &lt; c &gt; d"),
        ("&lt;!channel&gt;", "&lt;!channel&gt;"),
        ("<!channel> <@U1> @here", "&lt;!channel&gt; &lt;@U1&gt; @·here"),
        ("[l](https://a.b/?c&d)", "<https://a.b/?c&amp;d|l>"),
        ("[https://a.b](https://a.b)", "<https://a.b>"),
        ("see https://a.b/c?d=1&e=2.", "see <https://a.b/c?d=1&amp;e=2>."),
        ("<https://a.b>", "<https://a.b>"),
        ("[x](javascript:alert(1))", "[x](javascript:alert(1))"),
        ("![a chart](https://a.b/c.png)", "<https://a.b/c.png|a chart>"),
        ("[a > b | c](https://a.b)", "<https://a.b|a &gt; b | c>"),
        ("- a\n- b", "• a\n• b"),
        ("- a\n  - b\n    - c\n- d", "• a\n    ◦ b\n        ▪ c\n• d"),
        ("3. a\n4. b", "3. a\n4. b"),
        ("1. a\n\n   more\n2. b", "1. a\n   more\n2. b"),
        ("before\n\n- a\n\nafter", "before\n\n• a\n\nafter"),
        ("> quoted\n> twice", "> quoted\n> twice"),
        ("a\n\n---\n\nb", "a\n\n———\n\nb"),
        ("```py\n  x < 1\n```", "```\n  x &lt; 1\n```"),
        ("    indented\n      code", "```\nindented\n  code\n```"),
        ("````\n```\n````", "```\n`¦`¦`\n```"),
        ("| a | bb |\n|---|---|\n| ccc | d |", "```\na   | bb\n----+---\nccc | d\n```"),
        ("``a`b``", "a`b"),
        ("", ""),
        ("\u202eevil\x07", "evil"),
    ],
)
def test_markdown_in_slack(markdown: str, slack: str) -> None:
    assert written(markdown) == slack


def test_a_wide_table_becomes_a_list() -> None:
    row = f"| {'x' * 60} | {'y' * 60} |"
    shown = written(f"| name | note |\n|---|---|\n{row}\n")
    assert shown == f"• *name:* {'x' * 60}; *note:* {'y' * 60}"


def test_a_long_label_is_written_beside_its_link() -> None:
    shown = written(f"[{'word ' * 200}](https://a.b)")
    assert shown.startswith("word word")
    assert shown.endswith("(<https://a.b|link>)")
    assert shown.count("word") == 200


def test_long_text_is_cut_at_paragraphs() -> None:
    text = "\n\n".join(f"{n} " + "word " * 100 for n in range(20))
    parts = messages(text, 1200)
    assert len(parts) == 10
    assert all(re.match(r"\d+ word", part) for part in parts)


def test_code_that_is_cut_is_closed_and_opened_again() -> None:
    lines = [f"    line {n} <&>" for n in range(200)]
    parts = messages("```\n" + "\n".join(lines) + "\n```", 500)
    assert len(parts) > 5
    inner = []
    for part in parts:
        assert units(part) <= 500
        assert part.startswith("```\n")
        assert part.endswith("\n```")
        inner += part.split("\n")[1:-1]
    assert inner == [line.replace("<&>", "&lt;&amp;&gt;") for line in lines]


def test_marks_are_closed_where_a_line_is_cut() -> None:
    parts = messages("**" + "word " * 200 + "end**", 300)
    assert len(parts) > 3
    assert all(part.startswith("*word") and part.endswith("*") for part in parts)
    assert sum(part.count("word") for part in parts) == 200


@given(TEXTS, st.sampled_from([600, 2_800, 3_800]))
def test_any_text_keeps_the_cap_and_mentions_nobody(text: str, cap: int) -> None:
    for part in messages(text, max(cap, 2_200) if "http" in text else cap):
        assert part.strip()
        assert units(part) <= max(cap, 2_200)
        check_text(part)
        assert part.count("```") % 2 == 0


@given(st.text(alphabet="ab <>&\n", max_size=300), st.integers(20, 60))
def test_cutting_loses_no_word(text: str, cap: int) -> None:
    # Angle brackets and indents are Markdown's own.
    plain = text.replace("<", "(").replace(">", ")").replace("  ", " ")
    parts = messages(plain, cap)
    told = "".join(parts).replace("&amp;", "&")
    wanted = plain.replace("```", "")
    assert [c for c in told if c in "ab()&"] == [c for c in wanted if c in "ab()&"]
    assert all(units(part) <= cap for part in parts)


@given(TEXTS)
def test_a_name_is_one_harmless_line(text: str) -> None:
    shown = name(text)
    check_text(shown)
    assert "\n" not in shown
    assert shown


@given(TEXTS, st.integers(1, 200))
def test_an_escape_is_never_cut(text: str, cap: int) -> None:
    shown = cut_escaped(escape(text), cap)
    assert units(shown) <= cap
    check_text(shown)


@given(TEXTS, TEXTS)
def test_any_link_is_whole(url: str, label: str) -> None:
    check_text(link(url, label))
    check_text(link("https://a.b/" + url, label))


@given(TEXTS)
def test_what_runs_has_no_sign_that_is_not_seen(text: str) -> None:
    shown = exact(text)
    assert not UNSEEN.search(shown)
    assert "```" not in shown
    assert all(c.isprintable() or c in "\n\t" or not c.isascii() for c in shown)


def test_what_runs_says_the_same_as_json() -> None:
    import json

    value = {"a": "x\u202ey```z\u200b\U000e0041 `` <&>"}
    raw = json.dumps(value, ensure_ascii=False)
    assert exact(raw) != raw
    assert json.loads(exact(raw)) == value


@pytest.mark.parametrize("depth", [5, 14, 15, 29, 31, 300])
@pytest.mark.parametrize("sign", ["> ", "- ", "1. ", "> - "])
def test_no_word_is_lost_however_deep_it_stands(sign: str, depth: int) -> None:
    assert "needle" in written("before\n\n" + sign * depth + "needle")


def test_a_text_over_the_limit_is_shown_as_it_was_written() -> None:
    parts = messages("**a** & b\n\n" * 8_000)
    assert parts[0].startswith("**a** &amp; b\n\n**a**")
    assert all(units(part) <= 3_800 for part in parts)
