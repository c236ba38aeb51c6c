"""How mail programs introduce what they quote, in the languages that they write it in."""

from __future__ import annotations

import re
from collections.abc import Sequence

from mailparser_reply.constants import MAIL_LANGUAGES

# Longer than any line that a program wraps; the patterns cost the square of it.
WINDOW = 400
# How many lines an introduction is wrapped over, at most.
WRAPPED = 4

_WROTE = (
    r"wrote|writes|schrieb|schreibt|geschrieben|a\s+écrit|écrivait|escribió|escribio|escreveu"
    r"|ha\s+scritto|scrisse|schreef|geschreven|skrev|kirjoitti|napsala?|napisał[a]?|nadesłał"
    r"|написала?|пишет|пише|pisze|viết|yazdı|írta|a\s+scris|έγραψε|写道|寫道|のメール|書きました|작성"
)
_STARTS = (
    r"On|Am|Le|El|Em|Il|Op|Den|Dne|Dnia|W\s+dniu|At|In\s+data|V\s+v|A|Mon|Tue|Wed|Thu|Fri|Sat|Sun"
    r"|(?:Mo|Di|Mi|Do|Fr|Sa|So|lun|mar|mer|jeu|ven|sam|dim|seg|ter|qua|qui|sex|sáb|dom|ma|di|wo"
    r"|do|vr|za|zo|пн|вт|ср|чт|пт|сб|вс)\b\.?,?|В|\d{1,4}[./年-]|\d{1,2}\.?\s\w+\.?\s\d{4}"
)
_DATED = re.compile(
    rf"(?:{_STARTS})(?<=[\s./年,-]|\w)(?=[^\n]*\d)[^\n]*(?:{_WROTE})[^\n]*[:：]", re.IGNORECASE
)
_NAMED = re.compile(
    rf"[^\n]*\S(?:\s(?:{_WROTE})(?:[\s(][^\n]{{0,120}})?|\s?(?:写道|寫道|のメール))\s?[:：]",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"[^\s<>@]+@[^\s<>@]+")
_BRACKETED = re.compile(r"[<(][^\s<>()@]+@[^\s<>()@]+[>)]")
_SIGNED = re.compile(r"[^\n]*<[^\s<>@]+@[^\s<>@]+>\s?[:：]")
_LIBRARY = [re.compile(language["wrote_header"], re.IGNORECASE)
            for language in MAIL_LANGUAGES.values() if language.get("wrote_header")]  # fmt: skip

_SEPARATOR = re.compile(
    r"[-_*=~]{2,}\s*(?:"
    r"original\s+(?:message|e?-?mail|appointment)|(?:weitergeleitete"
    r"|urspr\S+ngliche)\s+(?:nachricht|mail)"
    r"|originalnachricht|message\s+(?:d'origine|d’origine|original|transféré|transmis)"
    r"|mensagem\s+original"
    r"|mensaje\s+(?:original|reenviado)|messaggio\s+(?:originale|inoltrato)"
    r"|mensagem\s+(?:encaminhada)"
    r"|(?:oorspronkelijk|doorgestuurd)\s+bericht|oorspronkelijk\w*\s+\w+|forwarded\s+(?:message"
    r"|by)[^-]*"
    r"|reply\s+message|ursprungligt\s+meddelande|oprindelig\s+meddelelse|alkuperäinen\s+viesti"
    r"|wiadomość\s+oryginalna|original(?:na)?\s+wiadomość|исходное\s+сообщение"
    r"|пересылаемое\s+сообщение"
    r"|původní\s+zpráva|转发邮件|原始邮件|原始郵件|元のメッセージ|원본\s*메시지|원본\s*메일"
    r")\s*[-_*=~]{0,}",
    re.IGNORECASE,
)
_BEGINS = re.compile(
    r"(?:begin\s+forwarded\s+message|anfang\s+der\s+weitergeleiteten\s+(?:nachricht|e-mail)"
    r"|début\s+du\s+message\s+(?:transféré|réexpédié)|inicio\s+del\s+mensaje\s+reenviado"
    r"|início\s+da\s+mensagem\s+(?:encaminhada|reencaminhada)|inizio\s+messaggio\s+inoltrato"
    r"|begin\s+doorgestuurd\s+bericht)\s?[:：]",
    re.IGNORECASE,
)

_FROM = (
    "from|von|de|da|van|fra|från|od|lähettäjä|от|від|发件人|寄件者|差出人|보낸\\s?사람"
    "|expéditeur|feladó|kimden"
)
_SENT = (
    "sent|date|gesendet|datum|envoyé|date d’envoi|enviado(?:\\s+el|\\s+em)?|enviada(?:\\s+em)?"
    "|fecha|data|inviato|verzonden|sendt|dato|skickat|odesláno|wysłano|lähetetty|päivämäärä"
    "|отправлено|дата|发送时间|日期|寄件日期|送信日時|日付|보낸\\s?날짜|날짜"
)
_REST = (
    "to|an|à|a|para|aan|til|till|komu|do|vastaanottaja|кому|收件人|收件者|宛先|받는\\s?사람"
    "|subject|betreff|objet|asunto|assunto|oggetto|onderwerp|emne|ämne|předmět|temat|aihe|тема"
    "|主题|主旨|件名|제목|cc|kopie|copie|copia|cópia|kopi|kopia|копия|抄送|副本|참조"
    "|reply-to|antwort an|répondre à|importance|wichtigkeit|organization|organisation"
)


def _label(names: str) -> re.Pattern[str]:
    # A bold label keeps its stars in plain text; French has a space before the colon.
    return re.compile(rf"[*\s]*(?:{names})\s{{0,2}}\*?[:：](?:\*|\s|$|(?=\S)).*", re.IGNORECASE)


_FROM_LINE, _SENT_LINE, _REST_LINE = _label(_FROM), _label(_SENT), _label(_REST)


def is_separator(line: str) -> bool:
    """Tell whether `line` says that an earlier mail begins ("-----Original Message-----")."""
    line = line.strip()[:WINDOW]
    return bool(_SEPARATOR.fullmatch(line) or _BEGINS.fullmatch(line))


def is_introduction(text: str, *, quote_follows: bool) -> bool:
    """Tell whether `text`, put on one line, introduces a quotation ("On … Bob wrote:").

    Without a quoted line below it must hold a date and who: a person may write "Bob wrote:" too.
    """
    if len(text) > WINDOW or not text.endswith((":", "：")):
        return False
    if _DATED.fullmatch(text):
        return quote_follows or bool(_ADDRESS.search(text)) or _dated_fully(text)
    if _NAMED.fullmatch(text) and (quote_follows or _ADDRESS.search(text)):
        return True
    # Russian, Japanese and others do without a verb: a date, a name, an address.
    if _SIGNED.fullmatch(text) and _dated_fully(text) and starts_introduction(text):
        return True
    if quote_follows and _BRACKETED.search(text) and _dated_fully(text):
        return True
    if not any(char.isdigit() for char in text):
        return False
    if not quote_follows and not _ADDRESS.search(text):
        return False
    return any(pattern.fullmatch(text) for pattern in _LIBRARY)


def starts_introduction(line: str) -> bool:
    """Tell whether an introduction could begin with this line."""
    return re.match(rf"(?:{_STARTS})(?!\w)|\d", line, re.IGNORECASE) is not None


def header_block(lines: Sequence[str], start: int) -> bool:
    """Tell whether the headers of an earlier mail, as Outlook repeats them, begin at `start`.

    Who and when must both be there, and one more label, each at the begin of a line of its own.
    """
    first = lines[start][:WINDOW]
    sender, sent = bool(_FROM_LINE.fullmatch(first)), bool(_SENT_LINE.fullmatch(first))
    if not (sender or sent):
        return False
    rest = False
    others = 0
    for line in lines[start + 1 : start + 12]:
        cut = line[:WINDOW]
        if _SENT_LINE.fullmatch(cut):
            sent = True
        elif _FROM_LINE.fullmatch(cut):
            sender = True
        elif _REST_LINE.fullmatch(cut):
            rest = True
        elif cut.strip():
            others += 1  # a long list of people, wrapped
        elif sender and sent and rest:
            break
        if others > 3:
            break
    return sender and sent and rest


def _dated_fully(text: str) -> bool:
    """Tell whether there is a year, or a time of day, in an introduction."""
    return re.search(r"\b(?:19|20)\d\d\b|\d{1,2}[:.h]\d\d|\d年", text) is not None
