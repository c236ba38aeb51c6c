"""Mail through Google's own client: sent, delivered, threaded, read and listed."""

from __future__ import annotations

import base64
from email import message_from_bytes
from email.policy import default
from typing import Any

import pytest
from googleapiclient.errors import HttpError
from googleapiclient.http import MediaInMemoryUpload

from tests.clock import FakeClock
from tests.gmail.client import Client
from tests.gmail.conftest import ALICE, BOB, BOT
from tests.gmail.server import GmailServer


def headers(resource: dict[str, Any], name: str) -> list[str]:
    return [h["value"] for h in resource["payload"]["headers"] if h["name"] == name]


async def get(client: Client, mail_id: str, **options: Any) -> dict[str, Any]:
    return await client(lambda users: users.messages().get(userId="me", id=mail_id, **options))


async def history(client: Client, start: str, **options: Any) -> dict[str, Any]:
    return await client(
        lambda users: users.history().list(userId="me", startHistoryId=start, **options)
    )


async def listed(client: Client, **options: Any) -> list[str]:
    found = await client(lambda users: users.messages().list(userId="me", **options))
    return [one["id"] for one in found.get("messages", [])]


async def test_a_sent_mail_reaches_everybody_it_names(gmail: GmailServer, bot: Client) -> None:
    sent = await bot.send(
        To=f"Alice <{ALICE}>", Cc=BOB, Bcc=f"bob+secret@{BOB.partition('@')[2]}",
        Subject="Überraschung", Message_ID="<own-1@example.org>", Reply_To="bot+r.tok@example.org",
    )  # fmt: skip
    assert sent["labelIds"] == ["SENT"]
    (alices,) = gmail.inbox(ALICE)
    (bobs,) = gmail.inbox(BOB)
    assert alices.subject == "Überraschung"
    assert alices.message_id == "<own-1@example.org>"
    assert alices.header("From") == f"Bot <{BOT}>"
    assert alices.header("Bcc") == "" == bobs.header("Bcc")
    assert alices.header("Delivered-To") == ALICE
    assert alices.header("Return-Path") == f"<{BOT}>"
    top = alices.parsed.get_all("Authentication-Results", [])[0]
    assert top.startswith("mx.google.com;")
    assert "dmarc=pass" in top
    assert "header.from=example.org" in top
    assert gmail.sent(BOT)[0].header("Bcc")
    assert [call.status for call in gmail.calls("messages.send")] == [200]


async def test_a_mail_can_be_had_in_every_format(
    gmail: GmailServer, bot: Client, clock: FakeClock
) -> None:
    big = b"x" * 300_000
    posted = gmail.send_as(
        ALICE, to=BOT, subject="Ça va", text="Grüße & <Küsse>", html="<p>Grüße</p>",
        attachments=[("plan ü.pdf", "application/pdf", big)],
    )  # fmt: skip
    mail_id = posted.copy.id
    full = await get(bot, mail_id)
    assert full["internalDate"] == str(clock.now() // 1_000)
    assert {"INBOX", "UNREAD"} <= set(full["labelIds"])
    assert int(full["historyId"])
    assert full["sizeEstimate"] > 300_000
    assert full["snippet"] == "Grüße &amp; &lt;Küsse&gt;"
    assert headers(full, "Subject") == ["Ça va"]
    alternative, pdf = full["payload"]["parts"]
    plain, markup = alternative["parts"]
    assert (plain["partId"], markup["mimeType"]) == ("0.0", "text/html")
    assert base64.urlsafe_b64decode(plain["body"]["data"]).decode().strip() == "Grüße & <Küsse>"
    assert pdf["filename"] == "plan ü.pdf"
    assert "data" not in pdf["body"]
    content = await bot(
        lambda users: (
            users.messages()
            .attachments()
            .get(userId="me", messageId=mail_id, id=pdf["body"]["attachmentId"])
        )
    )
    assert base64.urlsafe_b64decode(content["data"]) == big
    raw = base64.urlsafe_b64decode((await get(bot, mail_id, format="raw"))["raw"])
    assert message_from_bytes(raw, policy=default)["subject"] == "Ça va"
    some = await get(bot, mail_id, format="metadata", metadataHeaders=["Subject", "from"])
    assert {h["name"] for h in some["payload"]["headers"]} == {"Subject", "From"}
    assert "payload" not in await get(bot, mail_id, format="minimal")


async def test_a_reply_goes_to_reply_to_and_stays_in_the_thread(
    gmail: GmailServer, bot: Client
) -> None:
    asked = await bot.send(To=ALICE, Subject="Ship it?", Reply_To="bot+r.tok@example.org")
    gmail.reply_as(ALICE, gmail.inbox(ALICE)[0], "yes please")
    (answer,) = gmail.inbox(BOT)
    assert answer.header("Delivered-To") == "bot+r.tok@example.org"
    assert answer.subject == "Re: Ship it?"
    assert answer.header("In-Reply-To") == gmail.sent(BOT)[0].message_id
    assert answer.text.startswith("yes please\n")
    assert "> Hello." in answer.text
    assert answer.thread_id == asked["threadId"]
    thread = await bot(lambda users: users.threads().get(userId="me", id=asked["threadId"]))
    assert [m["id"] for m in thread["messages"]] == [asked["id"], answer.id]
    # Answered within the thread, it stays one for both sides.
    again = await bot.send(
        asked["threadId"], To=ALICE, Subject="Re: Ship it?", In_Reply_To=answer.message_id,
        References=answer.message_id,
    )  # fmt: skip
    assert again["threadId"] == asked["threadId"]
    assert len({mail.thread_id for mail in gmail.inbox(ALICE) + gmail.sent(ALICE)}) == 1


async def test_a_thread_needs_references_and_the_subject(gmail: GmailServer, bot: Client) -> None:
    asked = await bot.send(To=ALICE, Subject="Ship it?")
    first = gmail.sent(BOT)[0]
    lonely = await bot.send(asked["threadId"], To=ALICE, Subject="Re: Ship it?")
    other = await bot.send(
        asked["threadId"], To=ALICE, Subject="Else", In_Reply_To=first.message_id
    )
    assert len({asked["threadId"], lonely["threadId"], other["threadId"]}) == 3
    with pytest.raises(HttpError) as refused:
        await bot.send("19a0000000000000", To=ALICE, Subject="Ship it?")
    assert refused.value.status_code == 404


@pytest.mark.parametrize("style", ["gmail", "apple", "phone", "outlook"])
async def test_every_style_of_reply_quotes_in_text_and_html(gmail: GmailServer, style: str) -> None:
    posted = gmail.send_as(
        BOT,
        to=ALICE,
        subject="Q",
        html='<p>Well? <a href="https://x.example/a?b=1&amp;c">go</a></p>',
    )
    answer = gmail.reply_as(ALICE, posted.copy, "Nein.", style=style).copy
    assert answer.text.startswith("Nein.")
    assert "Well?" in answer.text
    assert "Well?" in answer.html
    assert gmail.links_in(posted.copy) == ["https://x.example/a?b=1&c"]


async def test_replies_to_all_and_forwards(gmail: GmailServer, bot: Client) -> None:
    await bot.send(
        To=f"{ALICE}, {BOB}",
        Subject="Q",
        text="See https://a.example/f/1.",
        Reply_To="bot+r@example.org",
    )
    asked = gmail.inbox(ALICE)[0]
    answer = gmail.reply_as(ALICE, asked, "ok", to_all=True)
    assert set(answer.copies) == {BOT, BOB}
    (asked_again, heard) = gmail.inbox(BOB)
    assert heard.thread_id == asked_again.thread_id
    gmail.add_mailbox("carol@example.com")
    handed_on = gmail.forward_as(ALICE, asked, to="carol@example.com", text="FYI").copy
    assert handed_on.subject == "Fwd: Q"
    assert gmail.links_in(handed_on) == ["https://a.example/f/1"]
    # A mail of the bot's is found in the person's mailbox by its Message-ID.
    assert gmail.mail(BOB, gmail.sent(BOT)[0]) is asked_again
    note = gmail.reply_as(
        BOB, asked_again, "Ja.", attribution="Am 02.03.26 schrieb Bot:", subject="Neu", html=False
    ).copy
    assert "Am 02.03.26 schrieb Bot:" in note.text
    assert note.html == ""
    assert note.thread_id != gmail.sent(BOT)[0].thread_id


async def test_what_nobody_can_receive_bounces(gmail: GmailServer, bot: Client) -> None:
    asked = await bot.send(To="nobody@example.org", Subject="Hi", Message_ID="<b1@example.org>")
    (report,) = gmail.inbox(BOT)
    parsed = report.parsed
    assert parsed.get_content_type() == "multipart/report"
    assert parsed.get_param("report-type") == "delivery-status"
    assert report.header("Return-Path") == "<>"
    assert report.header("Auto-Submitted") == "auto-replied"
    assert report.header("X-Failed-Recipients") == "nobody@example.org"
    assert report.header("References") == "<b1@example.org>"
    kinds = [part.get_content_type() for part in parsed.walk()]
    assert "message/delivery-status" in kinds
    fields = {
        name: value
        for part in parsed.walk()
        if part.get_content_type() == "message/delivery-status"
        for block in part.get_payload()
        for name, value in block.items()
    }
    assert fields["Action"] == "failed"
    assert fields["Status"] == "5.1.1"
    assert (await get(bot, report.id))["threadId"] != asked["threadId"]
    gmail.delay_mail_to(ALICE)
    await bot.send(To=ALICE, Subject="Hi")
    assert "Status: 4.2.2" in gmail.inbox(BOT)[-1].raw.decode()
    assert gmail.inbox(ALICE) == []


async def test_forged_mail_says_so_on_top(gmail: GmailServer) -> None:
    copy = gmail.send_as(
        ALICE, to=BOT, subject="Approve", text="yes", auth="fail",
        headers={"Authentication-Results": "mx.google.com; dmarc=pass header.from=example.org"},
    ).copy  # fmt: skip
    first, second = copy.parsed.get_all("Authentication-Results", [])
    assert "dmarc=fail" in first
    assert "dmarc=pass" in second
    assert gmail.sent(ALICE) == []
    spoof = gmail.send_as("eve@evil.example", to=BOT, text="yes", headers={"From": ALICE}).copy
    (verdict,) = spoof.parsed.get_all("Authentication-Results", [])
    assert "dmarc=fail" in verdict
    assert "header.from=example.org" in verdict
    assert "header.i=@evil.example" in verdict
    missing = gmail.send_as("x@elsewhere.example", to=BOT, text="hi", auth="missing").copy
    assert missing.parsed.get_all("Authentication-Results") is None
    own = gmail.send_as(ALICE, to=BOT, text="hi", auth="dkim=pass header.d=example.org").copy
    assert own.header("Authentication-Results") == "mx.google.com; dkim=pass header.d=example.org"


async def test_an_absence_note_goes_to_the_envelope(gmail: GmailServer, bot: Client) -> None:
    await bot.send(To=ALICE, Subject="Q", Reply_To="bot+r.tok@example.org")
    note = gmail.out_of_office_as(ALICE, gmail.inbox(ALICE)[0], "Back on Monday.").copy
    assert note.header("Delivered-To") == BOT
    assert note.header("Auto-Submitted") == "auto-replied"
    assert note.references == [gmail.sent(BOT)[0].message_id] * 2


async def test_history_tells_what_changed_page_by_page(gmail: GmailServer, bot: Client) -> None:
    start = (await bot(lambda users: users.getProfile(userId="me")))["historyId"]
    assert "history" not in await history(bot, start)
    ids = [gmail.send_as(ALICE, to=BOT, text=str(n)).copy.id for n in range(3)]
    await bot.send(To=ALICE, Subject="mine")
    await bot(
        lambda users: users.messages().modify(
            userId="me", id=ids[0], body={"removeLabelIds": ["UNREAD"]}
        )
    )
    seen, token = [], None
    while True:
        page = await history(bot, start, maxResults=2, pageToken=token, labelId="INBOX",
                             historyTypes=["messageAdded"])  # fmt: skip
        seen += [a["message"]["id"] for h in page["history"] for a in h["messagesAdded"]]
        token = page.get("nextPageToken")
        if token is None:
            break
    assert seen == ids
    every = await history(bot, start)
    assert "labelsRemoved" in every["history"][-1]
    numbers = [int(h["id"]) for h in every["history"]]
    assert numbers == sorted(numbers)
    assert str(numbers[-1]) == every["historyId"]
    gmail.forget_history(BOT)
    with pytest.raises(HttpError) as old:
        await history(bot, start)
    assert old.value.status_code == 404
    assert old.value.error_details[0]["reason"] == "notFound"


async def test_lists_are_searched_and_paged(
    gmail: GmailServer, bot: Client, clock: FakeClock
) -> None:
    first = gmail.send_as(ALICE, to=BOT, subject="one", text="1", headers={"Message-ID": "<m+1@x>"})
    clock.advance(hours=1)
    middle = clock.now() // 1_000_000
    second = gmail.send_as(BOB, to=BOT, subject="two", text="2")
    junk = gmail.send_as("x@spam.example", to=BOT, subject="three", text="3", spam=True)
    one, two, three = first.copy.id, second.copy.id, junk.copy.id
    assert await listed(bot) == [two, one]
    assert await listed(bot, includeSpamTrash=True) == [three, two, one]
    assert await listed(bot, q=f"after:{middle}") == [two]
    assert await listed(bot, q=f"in:inbox from:{ALICE}") == [one]
    assert await listed(bot, q="rfc822msgid:<m+1@x>") == [one]
    assert await listed(bot, q="rfc822msgid:m+1@x") == [one]
    assert await listed(bot, q="-from:alice is:unread") == [two]
    assert await listed(bot, q="after:2026/03/02 before:2026/03/03 TWO") == [two]
    page = await bot(lambda users: users.messages().list(userId="me", maxResults=1))
    rest = await listed(bot, maxResults=1, pageToken=page["nextPageToken"])
    assert [page["messages"][0]["id"], *rest] == [two, one]
    with pytest.raises(HttpError, match="does not know"):
        await listed(bot, q="larger:5M")


async def test_ids_may_be_replaced_and_senders_are_corrected(
    gmail: GmailServer, bot: Client
) -> None:
    gmail.replace_message_ids()
    await bot.send(
        To=ALICE, Subject="Hi", From="The Boss <boss@example.org>", Message_ID="<mine@example.org>"
    )
    (got,) = gmail.inbox(ALICE)
    assert got.message_id.endswith("@mail.gmail.com>")
    assert got.header("X-Google-Original-Message-ID") == "<mine@example.org>"
    assert got.header("From") == f"The Boss <{BOT}>"


async def test_a_mail_to_oneself_is_one_mail(gmail: GmailServer, bot: Client) -> None:
    sent = await bot.send(To="bot+note@example.org", Subject="Note")
    assert set((await get(bot, sent["id"]))["labelIds"]) == {"SENT", "INBOX", "UNREAD"}
    assert len(gmail.post_office.mailbox(BOT).mails) == 1


async def test_an_upload_sends_too(gmail: GmailServer, bot: Client) -> None:
    raw = f"To: {ALICE}\r\nSubject: Up\r\n\r\nHello from an upload.\r\n".encode()
    media = MediaInMemoryUpload(raw, mimetype="message/rfc822", resumable=False)

    def upload(users: Any) -> Any:
        request = users.messages().send(userId="me", body={}, media_body=media)
        # The library keeps https for uploads whatever the endpoint says; there is none here.
        request.uri = request.uri.replace("https://", "http://")
        return request

    await bot(upload)
    assert gmail.inbox(ALICE)[0].text.strip() == "Hello from an upload."


@pytest.mark.parametrize(
    ("raw", "words"),
    [(b"Subject: x\r\n\r\nnobody", "Recipient address required"), (b"", "Recipient address")],
)
async def test_a_mail_to_nobody_is_refused(bot: Client, raw: bytes, words: str) -> None:
    with pytest.raises(HttpError, match=words):
        await bot.send_raw(raw)


async def test_labels_trash_and_deletion(gmail: GmailServer, bot: Client) -> None:
    mail = gmail.send_as(ALICE, to=BOT, text="x").copy
    labels = await bot(lambda users: users.labels().list(userId="me"))
    assert {"INBOX", "SENT"} <= {label["id"] for label in labels["labels"]}
    await bot(lambda users: users.messages().trash(userId="me", id=mail.id))
    assert await listed(bot) == []
    await bot(lambda users: users.messages().untrash(userId="me", id=mail.id))
    assert await listed(bot) == [mail.id]
    for label in ("SENT", "Nonsense"):
        body = {"addLabelIds": [label]}
        with pytest.raises(HttpError, match="Invalid label"):
            await bot(lambda u, b=body: u.messages().modify(userId="me", id=mail.id, body=b))
    with pytest.raises(HttpError) as missing:
        await get(bot, "19affffffffffff1")
    assert missing.value.status_code == 404
