"""The mails we write: whole, readable, and no text of others becomes a header or markup."""

from __future__ import annotations

from dataclasses import replace
from email import message_from_bytes
from email.policy import default
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.gmail import composing
from bot.channels.gmail.letters import Letter, subject_of, tagged, written
from bot.channels.gmail.mime import read_mail
from bot.channels.gmail.threads import (
    Head,
    Shown,
    Thread,
    read_head,
    read_shown,
    read_thread,
    spot_of,
)
from bot.domain.card import Card
from bot.domain.feedback import Action, Answer, FeedbackRequest, Kind, Part, Risk, Rule, State
from bot.domain.instants import HOUR
from bot.domain.timetable import Timetable
from tests.clock import START

BOT = "bot@example.org"
URL = "https://h.example/f/abcdef"
WORDS = st.text(max_size=200)
IDS = st.from_regex(r"[a-z0-9.]{1,60}@[a-z]{1,20}\.example", fullmatch=True)


def request(**changes: object) -> FeedbackRequest:
    made = FeedbackRequest(
        id="01a20498-1527-77db-a432-34007c732c4b",
        session_id="s",
        asker_id="a",
        kind=Kind.APPROVAL,
        question="Ship it?",
        context="",
        options=(),
        rule=Rule.FIRST,
        quorum=1,
        risk=Risk.NORMAL,
        state=State.PENDING,
        digest="d",
        asked_at=START,
        deadline=START + 2 * HOUR,
        version=1,
        timetable=Timetable(
            asked_at=START, deadline=START + 2 * HOUR, reminders=(), escalations=()
        ),
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def card(made: FeedbackRequest | None = None, **changes: object) -> Card:
    found = Card(
        request=made or request(),
        now=START,
        reader_id="r",
        reader="Ben",
        zone="Europe/Berlin",
        asker="Ann",
        deciders=("Ben",),
        url="https://h.example/#/questions/1",
    )
    return replace(found, **changes)  # type: ignore[arg-type]


class Tags(HTMLParser):
    """Collects elements, their addresses and their texts."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.hrefs: set[str] = set()
        self.handlers: list[str] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.hrefs.update(value or "" for name, value in attrs if name == "href")
        self.handlers += [name for name, _ in attrs if name.startswith("on")]

    def handle_data(self, data: str) -> None:
        self.text += data


@given(question=WORDS, context=WORDS, asker=WORDS, options=st.lists(WORDS, max_size=6))
def test_no_text_becomes_markup(
    question: str, context: str, asker: str, options: list[str]
) -> None:
    made = request(question=question, context=context, options=tuple(options), kind=Kind.CHOICE)
    seen = Tags(composing.question(card(made, asker=asker), URL).html)
    assert seen.tags <= {
        "html", "head", "meta", "body", "table", "tr", "td", "div", "a", "br", "pre",
    }  # fmt: skip
    assert {href.partition("?")[0] for href in seen.hrefs} == {URL}
    assert seen.handlers == []


@given(
    name=WORDS,
    subject=WORDS,
    references=st.lists(IDS | WORDS, max_size=40),
    kept=WORDS,
    text=WORDS,
)
def test_no_text_becomes_a_header(
    name: str, subject: str, references: list[str], kept: str, text: str
) -> None:
    letter = Letter(
        to=(("ben@example.org", name), ("cid@example.org", name)),
        subject=subject,
        own_id="q.1@example.org",
        text=text,
        html="<p>x</p>",
        thread=Thread(subject=kept, references=tuple(references)),
        tag="r.abcdefghijklmnop",
    )
    raw = written(letter, sender=BOT, now=START)
    head, _, _ = raw.partition(b"\r\n\r\n")
    assert all(len(line) <= 998 for line in head.split(b"\r\n"))
    head.decode("ascii")
    parsed = message_from_bytes(raw, policy=default)
    assert set(parsed.keys()) <= {
        "From", "To", "Subject", "Date", "Message-ID", "In-Reply-To", "References", "Reply-To",
        "Auto-Submitted", "X-Auto-Response-Suppress", "X-Handraise-Id", "MIME-Version",
        "Content-Type",
    }  # fmt: skip
    mail = read_mail(raw)
    assert [each.email for each in mail.to] == ["ben@example.org", "cid@example.org"]
    assert mail.message_id == "q.1@example.org"
    assert [each.email for each in mail.reply_to] == ["bot+r.abcdefghijklmnop@example.org"]


@given(references=st.lists(IDS, max_size=60), more=IDS)
def test_a_thread_keeps_its_first_and_its_newest_mails(references: list[str], more: str) -> None:
    thread = Thread(subject="x", id="t").after(*references)
    after = thread.after(more)
    assert len(after.references) <= 21
    if references:
        assert after.references[0] == references[0]
    assert more in after.references
    head = Head(thread=after, people=(("a@b.example", "Ä"),))
    assert read_head(head.to_json()) == head
    assert read_thread(spot_of(after)) == after
    shown = Shown(thread=after, settled=True, reminders=3)
    assert read_shown(shown.to_json()) == shown


@pytest.mark.parametrize("text", [None, "", "[]", "{", "null", "7"])
def test_what_was_never_kept_reads_as_nothing(text: str | None) -> None:
    assert read_thread(text) == Thread()
    assert read_head(text) == Head(thread=Thread())


def test_a_subject_stays_in_its_thread() -> None:
    letter = Letter(to=(), subject="Ann asks: x", own_id="", text="", html="")
    assert subject_of(letter) == "Ann asks: x"
    within = replace(letter, thread=Thread(subject="AW: Re: Deploy", references=("a@b",)))
    assert subject_of(within) == "Re: Deploy"


def test_an_address_with_a_tag_is_never_too_long() -> None:
    assert tagged(BOT, "r.abc") == "bot+r.abc@example.org"
    long = "b" * 40 + "@example.org"
    assert tagged(long, "r." + "a" * 32) == long


def test_an_action_is_shown_exactly() -> None:
    arguments = '{"body":{"sum":1200,"to":"ACME & Söhne"},"url":"https://pay.example/<x>"}'
    made = request(action=Action(tool="http_request", arguments=arguments, digest="d"))
    body = composing.question(card(made), URL)
    for value in ("http_request", "1200", "ACME & Söhne", "https://pay.example/<x>"):
        assert value in body.text
        assert value in Tags(body.html).text


def test_buttons_follow_the_question() -> None:
    choice = request(kind=Kind.CHOICE, options=("Red", "Blue", "Green", "Black"))
    html = composing.question(card(choice), URL).html
    assert all(f">{label}</a>" in html for label in (*choice.options, "Answer in words"))
    assert f"{URL}?choose=4" in html
    many = replace(choice, options=(*choice.options, "White"))
    html = composing.question(card(many), URL).html
    assert ">Red</a>" not in html
    assert "5. White" in html
    risky = composing.question(card(request(risk=Risk.HIGH)), URL)
    assert ">Approve</a>" not in risky.html
    assert "the link alone does not decide it" in risky.text
    assert "choose" not in risky.text
    assert f"Reject: {URL}?choose=reject" in composing.question(card(), URL).text
    told = composing.question(card(part=Part.NOTIFIED), URL)
    assert ">Approve</a>" not in told.html
    assert "reply" not in told.text.lower()


def test_the_deadline_is_said_with_its_zone() -> None:
    text = composing.question(card(), URL).text
    assert "today, 12:00 (Europe/Berlin), 2 hours from now." in text


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"state": State.APPROVED, "outcome": Answer(approved=True), "decided_via": "slack"},
            "Answered by Cid on Slack: approved",
        ),
        ({"state": State.CANCELLED}, "Ann took this question back"),
        ({"state": State.EXPIRED}, "Nobody decided this in time"),
        ({"state": State.SUPERSEDED}, "asked a newer question"),
    ],
)
def test_the_end_is_told(changes: dict[str, object], words: str) -> None:
    made = request(decided_at=START, **changes)
    body = composing.settled(card(made, decided_by="Cid"), URL)
    assert words in body.text
    assert words in Tags(body.html).text
    assert "Nothing more to do." in body.text


def test_markdown_carries_no_scripts_and_no_pictures() -> None:
    text = "**Hi** <script>x</script> ![p](http://t.example/p.gif) [l](javascript:x) [m](https://m)"
    html = composing.spoken(text, URL).html
    assert "<strong>Hi</strong>" in html
    assert "<script" not in html
    assert "<img" not in html
    assert 'href="javascript' not in html
    assert 'href="https://m"' in html
