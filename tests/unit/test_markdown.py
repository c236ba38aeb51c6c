"""Whatever is written, the HTML holds no script, style, image or odd link."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from web.markdown import MAX_MARKDOWN, render

ALLOWED = {
    "a", "blockquote", "br", "code", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol",
    "p", "pre", "s", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
PIECES = st.sampled_from(
    [
        "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "[a](javascript:alert(1))",
        "[a](JaVaScRiPt:alert(1))", "[a](java\tscript:alert(1))", "[a](data:text/html;base64,eA==)",
        "![i](http://evil/x.png)", '[a](http://b "onmouseover=alert(1)")', "<a href='x:y'>",
        "<javascript:alert(1)>", "[a]: javascript:alert(1)\n\n[a]", "<style>*{}</style>",
        "<svg/onload=alert(1)>", "`", "```\n", "|a|\n|-|\n", "> ", "* ", "\n\n", "](", "[", "<!--",
        "[x](//evil.example)", "[x](&#106;avascript:alert(1))", "[x](javascript&colon;alert(1))",
        '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img onerror=x&gt;">',
    ]
) | st.text(st.characters(exclude_categories=["Cs"]), max_size=10)  # fmt: skip


class Inspector(HTMLParser):
    """Fails on whatever a browser might act on."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in ALLOWED
        names = {name for name, _ in attrs}
        assert names <= {"href", "title", "rel", "start"}
        for name, value in attrs:
            if name == "href":
                assert (value or "").lower().startswith(("http:", "https:", "mailto:"))
                assert "rel" in names

    def handle_comment(self, data: str) -> None:
        raise AssertionError(data)


def inspect(html: str) -> None:
    inspector = Inspector(convert_charrefs=True)
    inspector.feed(html)
    inspector.close()


@given(st.lists(PIECES, max_size=12).map("".join))
def test_nothing_active_survives(text: str) -> None:
    inspect(render(text))


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("**b** and `c`", "<p><strong>b</strong> and <code>c</code></p>"),
        ("<b>x</b>", "<p>&lt;b&gt;x&lt;/b&gt;</p>"),
        ("![pixel](https://evil.example/x.png)", None),
        ("[here](/api/auth/logout)", "<p>[here](/api/auth/logout)</p>"),
        (
            "[x](https://a.example)",
            '<p><a href="https://a.example" rel="noopener noreferrer nofollow">x</a></p>',
        ),
        ("a\nb", "<p>a\nb</p>"),
        ("www.example.org", "<p>www.example.org</p>"),
    ],
)
def test_markdown_is_rendered(text: str, html: str | None) -> None:
    if html is None:
        assert "<img" not in render(text)
    else:
        assert render(text) == html


def test_a_table_is_a_table() -> None:
    assert "<td>1</td>" in render("|a|\n|-|\n|1|")


def test_an_endless_text_is_shown_as_it_is() -> None:
    text = "<i>" * MAX_MARKDOWN
    assert render(text) == f"<pre>{'&lt;i&gt;' * MAX_MARKDOWN}</pre>"


def test_small_markup_does_not_grow_into_megabytes() -> None:
    assert len(render("|a|b|\n|-|-|\n" + "|\n" * 8_000)) < 100_000
