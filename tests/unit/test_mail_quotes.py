"""What is new in a mail, below and above whatever was quoted, by whatever program."""

from __future__ import annotations

import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.channels.gmail.quotes import new_text
from bot.channels.gmail.signatures import without_signature

ME = "Hand <hand@acme.example>"
# How programs introduce a quotation whose lines carry ">".
INTRODUCTIONS = [
    f"On Mon, Mar 2, 2026 at 9:12 AM {ME} wrote:",
    "On Mon, Mar 2, 2026 at 9:12 AM A Very Long Name Of Somebody\n<hand@acme.example> wrote:",
    "On 02/03/2026 09:12,\nHand of the Release Team at Acme\n<hand@acme.example>\nwrote:",
    "On 2 Mar 2026, at 09:12, Hand wrote:",
    f"Am 02.03.2026 um 09:12 schrieb {ME}:",
    "Am Mo., 2. März 2026 um 09:12 Uhr schrieb Hand\n<hand@acme.example>:",
    f"Le lun. 2 mars 2026 à 09:12, {ME} a écrit :",
    "Le 02/03/2026 à 09:12, Hand a écrit :",
    "El lun, 2 mar 2026 a las 9:12, Hand (<hand@acme.example>) escribió:",
    f"Em seg., 2 de mar. de 2026 às 09:12, {ME}\nescreveu:",
    f"Il giorno lun 2 mar 2026 alle ore 09:12 {ME} ha\nscritto:",
    f"Op ma 2 mrt 2026 om 09:12 schreef {ME}:",
    f"Den mån 2 mars 2026 kl 09:12 skrev {ME}:",
    f"pon., 2 mar 2026 o 09:12 {ME} napisał(a):",
    f"пн, 2 мар. 2026 г. в 09:12, {ME}:\n",
    f"2026年3月2日(月) 9:12 {ME}:",
    "W dniu 2.03.2026 o 09:12, Hand pisze:",
    f"po 2. 3. 2026 v 9:12 odesílatel {ME} napsal:",
    "ma 2. maalisk. 2026 klo 9.12 Hand (hand@acme.example) kirjoitti:",
    f"{ME}, 2 Mar 2026 Pzt, 09:12 tarihinde şunu yazdı:",
    f"בתאריך יום ב׳, 2 במרץ 2026 ב-9:12 מאת {ME}:",
    f"Vào Th 2, 2 thg 3, 2026 vào lúc 09:12 {ME} đã viết:",
    f"2026년 3월 2일 (월) 오전 9:12, {ME}님이 작성:",
    f"{ME} 于2026年3月2日周一 09:12写道：",
    "* Hand <hand@acme.example> [2026-03-02 09:12] wrote:",
    "Hand wrote:",
]
# How programs put an earlier mail below, unmarked.
HEADERS = [
    f"From: {ME}\nSent: Monday, March 2, 2026 9:12 AM\nTo: Dana\nSubject: Ship",
    f"*From:* {ME}\n*Date:* Monday, March 2, 2026\n*To:* Dana\n*Subject:* Ship",
    f"________________________________\nFrom: {ME}\nSent: Monday\nTo: Dana\nSubject: Ship",
    f"Von: {ME}\nGesendet: Montag, 2. März 2026 09:12\nAn: Dana\nBetreff: Ship",
    f"De : {ME}\nEnvoyé : lundi 2 mars 2026 09:12\nÀ : Dana\nObjet : Ship",
    f"De: {ME}\nEnviado: lunes, 2 de marzo de 2026\nPara: Dana\nAsunto: Ship",
    f"De: {ME}\nEnviada em: segunda-feira, 2 de março de 2026\nPara: Dana\nAssunto: Ship",
    f"Da: {ME}\nInviato: lunedì 2 marzo 2026\nA: Dana\nOggetto: Ship",
    f"Van: {ME}\nVerzonden: maandag 2 maart 2026\nAan: Dana\nOnderwerp: Ship",
    "-----Original Message-----",
    "-----Ursprüngliche Nachricht-----",
    "-----Message d'origine-----",
    "-----Mensaje original-----",
    "-----Mensagem original-----",
    "-----Messaggio originale-----",
    "-----Oorspronkelijk bericht-----",
    "---------- Forwarded message ---------",
    "Begin forwarded message:",
    "Anfang der weitergeleiteten Nachricht:",
    f"On Mon, Mar 2, 2026 at 9:12 AM {ME} wrote:",
    f"Am Mo., 2. März 2026 um 09:12 Uhr schrieb {ME}:",
    f"Le lun. 2 mars 2026 à 09:12, {ME} a écrit :",
]
REPLIES = ["yes", "No.", "Passt!", "D'accord", "- one\n- two", "Option B", "2", "👍", "Sí",
           "I can't approve this yet", "yes, but only if Bob agrees", "On Monday? Sure.",
           "No objection.\n\nShip it after 5 pm.", "Thanks, go ahead", "Ok\nbut tomorrow"
]  # fmt: skip

DISCLAIMER = (
    "Yes.\n\nDisclaimer: only with the changes that I sent to you by mail yesterday evening, and "
    "not one day before the first of April, as we said when we met."
)

WORD = st.text(st.sampled_from("abcdefghijklmnopqrstuvwxyzäéñçß0123456789"), min_size=1, max_size=8)
LINE = st.lists(WORD, min_size=1, max_size=7).map(" ".join)
REPLY = st.lists(LINE, min_size=1, max_size=4).map("\n".join)
ANY = st.text(st.characters(blacklist_categories=["Cs"]), max_size=300)


@given(reply=REPLY, quoted=ANY, introduction=st.sampled_from(INTRODUCTIONS), gap=st.booleans())
@example(reply="0:", quoted="", introduction="Hand wrote:", gap=True)
def test_a_reply_above_marked_lines_is_all_that_is_new(
    reply: str, quoted: str, introduction: str, gap: bool
) -> None:
    marked = "\n".join("> " + line for line in quoted.replace("\r", "\n").split("\n"))
    between = "\n\n" if gap else "\n"
    found = new_text(f"{reply}\n\n{introduction}{between}{marked}\n")
    assert found.text == reply
    assert found.quoted
    assert not found.inline


@given(reply=REPLY, quoted=ANY, header=st.sampled_from(HEADERS))
def test_a_reply_above_an_earlier_mail_is_all_that_is_new(
    reply: str, quoted: str, header: str
) -> None:
    found = new_text(f"{reply}\n\n{header}\n\n{quoted}\n")
    assert found.text == reply
    assert found.quoted
    assert not found.inline


@pytest.mark.parametrize("reply", REPLIES)
@pytest.mark.parametrize("introduction", INTRODUCTIONS)
def test_plain_answers_above_marked_lines(reply: str, introduction: str) -> None:
    text = f"{reply}\n\n{introduction}\n> Ship it?\n> yes or no\n"
    assert new_text(text).text == reply
    assert new_text(text.replace("\n", "\r\n")).text == reply
    assert new_text(text.replace("\n\n" + introduction, "\n" + introduction)).text == reply


@pytest.mark.parametrize("reply", REPLIES)
@pytest.mark.parametrize("header", HEADERS)
def test_plain_answers_above_an_earlier_mail(reply: str, header: str) -> None:
    assert new_text(f"{reply}\n\n{header}\n\nyes or no?\n").text == reply


@given(text=st.text(max_size=2000))
def test_any_text_is_read_without_an_error_and_nothing_is_added(text: str) -> None:
    found = new_text(text).text
    assert len(found) <= len(text) + 1


@given(reply=REPLY)
def test_a_text_without_a_quotation_is_new_as_it_is(reply: str) -> None:
    assert new_text(reply).text == reply


@pytest.mark.parametrize(
    "below",
    ["Sent from my iPhone", "Sent from my Galaxy S24", "Get Outlook for iOS<https://aka.ms/x>",
     "Get Outlook for Android", "Von meinem iPhone gesendet", "Gesendet von Outlook für Android",
     "Gesendet mit der GMX Mail App", "Envoyé de mon iPhone", "Envoyé depuis mon mobile",
     "Enviado desde mi iPhone", "Enviado do meu iPhone", "Inviato da iPhone",
     "Inviato dal mio telefono Android", "Verstuurd vanaf mijn iPhone",
     "Verzonden vanaf mijn Samsung", "iPhoneから送信", "从我的 iPhone 发送",
     "Отправлено с iPhone", "-- \nDana\nAcme", "--\nDana Reyes\n+1 555 0100",
     "Best regards\nDana Reyes", "Kind regards,\n\nDana\n--\nAcme Inc.", "Thanks!\nDana",
     "Viele Grüße\nAnna", "MfG", "LG\nAnna", "Mit freundlichen Grüßen\nAnna Weiß\nTel. 089 1234567",
     "Cordialement,\nAnne", "Merci,\nAnne", "Saludos,\nLuis", "Muchas gracias", "Obrigado,\nRui",
     "Cumprimentos\nRui", "Cordiali saluti\nMarco", "Grazie,\nMarco",
     "Met vriendelijke groet,\nJan de Vries", "Groetjes\nJan"],
)  # fmt: skip
def test_what_only_signs_is_taken_off(below: str) -> None:
    assert without_signature(f"Yes, do it.\n\n{below}\n") == "Yes, do it."


@pytest.mark.parametrize(
    "text",
    ["Yes\nThank you, but only if Bob signs", "Yes.\n\nThanks,\nbut only if Bob signs",
     "Yes\n--\nbut only on Friday", "Yes.\n\nBest regards\nand only if legal agrees",
     "Sent from my desk: no", "Yes\n\nSent from my iPhone, but only if Bob agrees",
     "Yes\n\nSent from my iPhone\nbut only if Bob agrees", "Danke", "Thanks", "-- \nyes",
     DISCLAIMER,
     "- yes to A\n- no to B", "Yes\n\nGruß\nAber nur mit Vertrag", "Yes\n\nMerci\nsauf le vendredi",
    ],
)  # fmt: skip
def test_words_that_may_matter_stay(text: str) -> None:
    assert without_signature(text) == text


@pytest.mark.parametrize(
    "text",
    ["On Monday Bob wrote:\nship it", "Bob wrote: yes", "From: me\nTo: you",
     "Date: tomorrow\nTo: all of us", "I said this:\n1. a\n2. b", "Am Montag um 9:\nja"],
)  # fmt: skip
def test_what_a_person_writes_about_mails_stays(text: str) -> None:
    assert new_text(text).text == text


def test_answers_between_quoted_lines_are_marked() -> None:
    found = new_text("Hi\n\n> Ship A?\n\nyes\n\n> Ship B?\n\nno\n")
    assert found.inline
    assert found.text == "Hi\n\nyes\n\nno"


def test_what_only_a_quotation_says_is_never_the_answer() -> None:
    for header in HEADERS:
        assert new_text(f"{header}\n\nyes\n").text == ""
    for introduction in INTRODUCTIONS:
        assert new_text(f"{introduction}\n> yes\n").text == ""


@pytest.mark.parametrize(
    "line",
    ["On " * 80 + ":", "On 1 " * 50 + "wrote:", ">" * 300, "From: " * 60, "- " * 150, "a@" * 150,
     "Sent from my " * 20, "Am 1 schrieb " * 25 + ":", "_" * 300, "Date: x"],
)  # fmt: skip
def test_a_hostile_text_takes_no_long_time(line: str) -> None:
    text = (line + "\n") * (256 * 1024 // (len(line) + 1))
    started = time.process_time()
    new_text(text)
    assert time.process_time() - started < 5


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Approved\n\nDana", "Approved"),
        ("Approved\n\n— Dana", "Approved"),
        ("Approved\n\n/dana", "Approved"),
        ("Approved.\nDana", "Approved."),
        ("Approved\n\n---\nDana Reyes\nCEO | Acme", "Approved"),
        (
            "Approved\n\nDana Reyes | Head of Sales\n[cid:image001.png@01DA]\nT +49 89 123456",
            "Approved",
        ),
        ("Dana", "Dana"),
        ("Ask Bob or\nDana", "Ask Bob or\nDana"),
        ("Yes\n\nDana but only on Friday", "Yes\n\nDana but only on Friday"),
        ("Yes\n\nDana Reyes\nbut only if Bob agrees", "Yes\n\nDana Reyes\nbut only if Bob agrees"),
        ("Yes\n\nBob", "Yes\n\nBob"),
        ("Yes\n---\nno to B", "Yes\n---\nno to B"),
    ],
)
def test_the_writers_own_name_signs(text: str, kept: str) -> None:
    assert new_text(text, writer="Dana Reyes").text == kept
    assert new_text(f"{text}\n\nHand wrote:\n> yes\n", writer="Dana Reyes").text == kept


@pytest.mark.parametrize(
    ("text", "inline"),
    [
        ("yes\n\n> Shall we ship?", False),
        ("> Shall we ship?\n\nyes", False),
        ("> Bob has seen it?\nyes\n> Shall we ship?", True),
        ("> Shall we ship?\nyes\n> Please answer by Friday.\n> Ann", True),
        ("Hi Ann\n> Shall we ship?\nyes", True),
        ("> One?\nyes\n> Two?\nno", True),
        ("On Mon, Mar 2, 2026 at 9:12 AM Hand wrote:\n> Seen?\nyes\n> Shall we ship?", True),
    ],
)
def test_answers_between_the_lines_of_a_quotation_are_told(text: str, inline: bool) -> None:
    assert new_text(text).inline is inline
