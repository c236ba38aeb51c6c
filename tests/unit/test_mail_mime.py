"""A mail of any bytes is read: its text as it was meant, what it carries unopened."""

from __future__ import annotations

import base64
import time
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.channels.gmail.charset import decoded, shown
from bot.channels.gmail.flowed import unflowed
from bot.channels.gmail.html_text import text_of_html
from bot.channels.gmail.mail import TEXT_BYTES
from bot.channels.gmail.mime import read_mail
from bot.channels.gmail.reading import read

PIECES = [b"From: ", b"Content-Type: ", b"multipart/mixed; boundary=b", b"text/html", b"\r\n",
          b"\n",
          b"--b", b"--b--", b"message/rfc822", b"Content-Transfer-Encoding: base64", b"=?utf-8?b?",
          b"?=", b"charset=utf-7", b"<div>", b"> ", b"a@b.example", b"; ", b'"', b"\xff", b"\x00",
          b"Authentication-Results: mx.google.com; ", b"On Mon, 2 Mar 2026 x wrote:", b"=",
          b"Content-Disposition: attachment; filename*=utf-8''%ff", b" ", b"yes"]  # fmt: skip


@given(st.one_of(st.binary(max_size=600), st.lists(st.sampled_from(PIECES)).map(b"".join)))
def test_any_bytes_are_read_without_an_error(raw: bytes) -> None:
    found = read(raw, received=0, mailbox="hand@acme.example", is_own=lambda _: False)
    found.mail.text.encode()
    assert not found.answers or found.authenticity.sender


@settings(deadline=None)
@given(
    st.text(max_size=300),
    st.sampled_from(["utf-8", "utf-16", "iso-8859-1", "gb18030", "iso2022_jp", "cp1251", "cp932"]),
)
def test_text_in_its_own_charset_comes_back(text: str, charset: str) -> None:
    wanted = shown(text)
    try:
        data = wanted.encode(charset)
    except UnicodeEncodeError:
        return
    if charset not in {"utf-8", "iso2022_jp"} and _is_utf8(data) and not wanted.isascii():
        return  # what could be UTF-8 is taken for it
    assert shown(decoded(data, charset)) == shown(data.decode(charset))


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


@pytest.mark.parametrize(
    "charset", ["zlib_codec", "bz2", "hex", "rot13", "base64", "punycode", "idna", "unicode_escape",
                "raw_unicode_escape", "undefined", "", "x" * 9999, "utf-8\x00", "../etc", "é"],
)  # fmt: skip
def test_a_charset_that_is_none_reads_plain_text(charset: str) -> None:
    assert decoded(b"Yes \\x41", charset) == "Yes \\x41"


def _with_attachment(size: int) -> bytes:
    line = b"A" * 76 + b"\r\n"
    return (
        b"From: a@b.example\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n"
        b"Content-Type: text/plain\r\n\r\nYes\r\n--x\r\nContent-Type: application/zip; name=a.zip"
        b"\r\nContent-Transfer-Encoding: base64\r\n\r\n" + line * (size // 57) + b"--x--\r\n"
    )


def test_an_attachment_of_25_mb_is_listed_and_costs_no_memory() -> None:
    raw = _with_attachment(25_000_000)
    tracemalloc.start()
    started = time.process_time()
    mail = read_mail(raw)
    assert time.process_time() - started < 10
    assert tracemalloc.get_traced_memory()[1] < 4_000_000
    tracemalloc.stop()
    assert mail.text == "Yes"
    assert mail.attachments[0].name == "a.zip"
    assert abs(mail.attachments[0].size - 25_000_000) < 250_000


@pytest.mark.parametrize("encoding", ["7bit", "base64", "quoted-printable"])
@pytest.mark.parametrize("kind", ["plain", "html"])
def test_a_text_of_25_mb_is_cut(encoding: str, kind: str) -> None:
    line = "wörter und mehr davon " * 3 + "\n"
    data = (line * 360_000).encode()[:25_000_000]
    body = base64.encodebytes(data) if encoding == "base64" else data
    head = f"Content-Type: text/{kind}\nContent-Transfer-Encoding: {encoding}\n\n".encode()
    mail = read_mail(head + body)
    assert mail.truncated
    assert len(mail.text.encode()) <= TEXT_BYTES
    assert mail.text.startswith("wörter und mehr davon")
    assert "�" not in mail.text


@pytest.mark.parametrize(
    "raw",
    [
        b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (i, i)
                 for i in range(5000)),
        b"Content-Type: multipart/mixed; boundary=x\n\n" + b"--x\n\n" * 500_000,
        b"Content-Type: multipart/alternative; boundary=x\n\n" + b"--x\n" * 500_000,
        b"X: y\n" * 100_000 + b"\nYes",
        b"To: " + b"a@b.example, " * 100_000 + b"\n\nYes",
        b"References: " + b"<a@b>" * 100_000 + b"\n\nYes",
        b"Subject: " + b"=?utf-8?q?a?= " * 20_000 + b"\n\nYes",
        b"Authentication-Results: mx.google.com; " + b"dkim=pass " * 50_000 + b"\n\nYes",
        b"From: " + b"(" * 100_000 + b"\n\nYes",
        b"Content-Type: text/html\n\n" + b"<div>" * 200_000,
        b"Content-Type: text/html\n\n" + b"".join(b"<b a=%d>" % i for i in range(2000))
        + b"<p>x" * 50_000,
        b"Content-Type: text/html\n\n" + b"<table><tr><td>" * 60_000,
        b"Content-Type: text/html\n\n" + b"<" * 1_000_000,
        b"Content-Type: text/html\n\n" + b"<!--" * 250_000,
        b"Content-Type: text/html\n\n" + b"&" * 1_000_000,
        b"Content-Type: text/plain; " + b"a=b; " * 50_000 + b"\n\nYes",
        b"Content-Type: text/plain; " + b"a*0*=b; " * 20_000 + b"\n\nYes",
    ],
    ids=lambda raw: repr(raw[:30]) + str(len(raw)),
)  # fmt: skip
def test_a_hostile_mail_takes_no_long_time(raw: bytes) -> None:
    started = time.process_time()
    read(raw, received=0, mailbox="hand@acme.example", is_own=lambda _: False)
    assert time.process_time() - started < 5


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>Yes</p><p>No</p>", "Yes\n\nNo"),
        ("<div>Yes</div><div>No</div>", "Yes\nNo"),
        ("Yes<br>No<br><br>Maybe", "Yes\nNo\n\nMaybe"),
        ("<ul><li>a</li><li>b</li></ul>", "- a\n- b"),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc"),
        ("<pre>a\n  b</pre>", "a\n  b"),
        ("a <b>b</b>  <i>c</i>\n\td", "a b c d"),
        ("<blockquote><p>a</p><blockquote>b</blockquote></blockquote>c", "> a\n> >\n> > b\n\nc"),
        ('<a href="https://evil.example/no">Yes</a>', "Yes"),
        ("Yes<script>no</script><style>no</style><!-- no --><template>no</template>", "Yes"),
        ('Yes<span style="DISPLAY : none">no</span>', "Yes"),
        ('Yes<span style="font-size:0">no</span>', "Yes"),
        ('Yes<div style="max-height:0px;overflow:hidden">no</div>', "Yes"),
        ('<p style="font-size:10px;height:100%">Yes</p>', "Yes"),
        ('<p style="line-height:0.5;opacity:0.5">Yes</p>', "Yes"),
        ("<iframe src=x>no</iframe>Yes", "Yes"),
        ("&lt;b&gt; &amp; &#x1F44D; &nbsp;x", "<b> & 👍 x"),
        ("<p>unclosed <b>and <i>nested", "unclosed and nested"),
        ("", ""),
    ],
)
def test_html_is_read_as_it_is_seen(html: str, text: str) -> None:
    assert text_of_html(shown(html)).replace("\xa0", " ").replace("  ", " ") == text.replace(
        "  ", " "
    )


@settings(deadline=None)
@given(st.text(st.sampled_from("<>/abdivp =\"'!-&;#styledisplay:none\n"), max_size=200))
def test_any_html_is_read_without_an_error(html: str) -> None:
    assert "\x00" not in text_of_html(html)


@pytest.mark.parametrize(
    ("text", "delsp", "whole"),
    [
        ("a \nb", False, "a b"),
        ("a \nb", True, "ab"),
        ("a\nb", False, "a\nb"),
        (" >a", False, ">a"),
        ("> a \n> b\nc", False, "> a b\nc"),
        (">a \n>>b", False, "> a \n>> b"),
        ("Yes \n-- \nDana", False, "Yes \n-- \nDana"),
        ("", False, ""),
    ],
)
def test_flowed_lines_are_made_whole(text: str, whole: str, *, delsp: bool) -> None:
    assert unflowed(text, delsp=delsp) == whole


def test_headers_keep_their_order_and_addresses_their_names() -> None:
    mail = read_mail(
        b'A: 1\r\nB: 2\r\na: 3\r\nTo: "Reyes, Dana" <dana@acme.example>,\r\n'
        b" =?utf-8?q?J=C3=BCrgen?= <j@acme.example>, Team: x@acme.example, y@acme.example;\r\n"
        b"Date: Mon, 2 Mar 2026 11:00:00 +0100\r\n\r\nYes"
    )
    assert [name for name, _ in mail.headers][:3] == ["A", "B", "a"]
    assert list(mail.all("A")) == ["1", "3"]
    assert [(a.name, a.email) for a in mail.to] == [
        ("Reyes, Dana", "dana@acme.example"), ("Jürgen", "j@acme.example"),
        ("", "x@acme.example"), ("", "y@acme.example"),
    ]  # fmt: skip
    assert mail.date == 1_772_445_600_000_000
