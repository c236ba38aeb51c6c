"""What a mail program or a habit puts below the words: signatures, devices, legal notices.

Too much kept only makes us ask back; a condition cut off could decide wrongly. So a thing goes only
when all of it looks like nothing else.
"""

from __future__ import annotations

import re

_DEVICE = re.compile(
    r"[-–—*_\s]*(?:"
    r"(?:sent|written|typed) (?:from|via|with|using) (?:my |the |a )?|get outlook for "
    r"|sent by my |von (?:meinem|meiner|unterwegs) |(?:gesendet|versendet|verschickt"
    r"|gesendet mit|diese nachricht wurde) "
    r"(?:von|mit|aus|über|via) |outlook für |holen sie sich outlook für |"
    r"(?:envoyé|expédié|obtenez outlook) (?:de|depuis|à partir de|avec|pour|via) |"
    r"(?:enviado|obtener outlook|obtenha o outlook|enviada) (?:desde|de|do|da|a partir|através"
    r"|para|con|com|via) |"
    r"(?:inviato|spedito|ottieni outlook) (?:da|dal|dalla|con|per|tramite) |"
    r"(?:verzonden|verstuurd|download outlook) (?:vanaf|vanuit|met|via|van|voor) |"
    r"skickat från |sendt fra |lähetetty |odesláno z |wysłano z |отправлено (?:с|из) "
    r"|从我的|發自我的|发自我的|寄自我的|從我的|나의 |내 )"
    r"(?P<rest>[^\n,;:!?。]{0,60}?)\.?\s*",
    re.IGNORECASE,
)
_DEVICE_TAIL = re.compile(
    r"yahoo mail: search, organize, conquer"
    r"|[-–—*_\s]*(?:\S{1,20}(?: \S{1,20})?から送信|(?:von meinem|von meiner) .{1,40} gesendet"
    r"|(?:나의|내) .{1,30}에서 보냄"
    r"|(?:sent from|von) .{1,40}[,.;–-]+ ?(?:please )?(?:excuse|pardon|forgive"
    r"|entschuldig).{1,80})\.?\s*",
    re.IGNORECASE,
)
_THINGS = re.compile(
    r"iphone|ipad|ipod|android|handy|smartphone|mobile|phone|telefon|téléphone|teléfono|telefone"
    r"|galaxy|samsung|huawei|xiaomi|pixel|blackberry|nokia|outlook|yahoo|gmail|mail|thunderbird"
    r"|proton|gmx|web\.de|1&1|spark|k-9|bluemail|windows|ios|tablet|móvil|movil|celular|cellulare"
    r"|mobiel|toestel|device|gerät|appareil|dispositiv|mac|watch|unterwegs|手机|手機|휴대폰",
    re.IGNORECASE,
)
_CLOSING = re.compile(
    r"(?:best|kind|warm|many|with (?:best|kind))?\s*(?:regards|wishes)|best|cheers|thanks"
    r"(?: a lot| so much| again| very much)?|thank you(?: very much| so much)?|many thanks|thx"
    r"|sincerely(?: yours)?"
    r"|yours(?: sincerely| faithfully| truly)?|all the best|br|kr"
    r"|(?:mit )?(?:freundlichen?|besten?|vielen?|lieben?|schönen?|herzlichen?"
    r"|sonnigen?)? ?gr(?:ü|ue)(?:ß|ss)(?:en?)?"
    r"(?: aus \w+)?|mfg|lg|vg|(?:vielen |besten |herzlichen )?dank|danke(?: schön| dir| ihnen)?"
    r"|gruß|gruss"
    r"|(?:bien )?(?:cordialement|amicalement|sincèrement)|(?:bien )?à vous"
    r"|(?:meilleures )?salutations"
    r"|(?:merci|merci beaucoup|merci d'avance)|bonne journée|cdt|bàv"
    r"|(?:un )?(?:cordial )?saludos?(?: cordiales)?|atentamente|(?:muchas )?gracias|un abrazo"
    r"|abrazos"
    r"|(?:com os )?(?:melhores )?cumprimentos|atenciosamente|(?:muito )?obrigad[oa]|abraços?|att"
    r"|(?:cordiali |distinti )?saluti|(?:molte |tante )?grazie|cordialmente|un saluto"
    r"|(?:met )?(?:vriendelijke|hartelijke) groet(?:en)?|groet(?:en|jes)?|mvg"
    r"|(?:hartelijk )?(?:bedankt|dank je wel)|dank"
    r"|с уважением|спасибо|med vänlig(?:a)? hälsning(?:ar)?|mvh|(?:med )?venlig hilsen|pozdrawiam"
    r"|よろしくお願いします|よろしくお願いいたします|谢谢|此致|감사합니다",
    re.IGNORECASE,
)
# Each line is one thing that a legal notice speaks of.
_LEGAL_THINGS = """
confiden[tc]|vertraulich|vertrouwelijk|riservat|sigilos
intended (?:recipient|solely|only|for)|addressee|adressat|empfänger|destinata|geadresseerde
disclos|unauthori[sz]ed|unbefugt|divulg|onbevoegd|non autoris|no autorizad
\\bdelete\\b|\\bdestroy\\b|vernicht|lösch|supprim|détrui|elimin|borr|verwijder|apag|distrugg
in error|irrtümlich|par erreur|por error|por engano|per errore|ten onrechte|abusiv
e-?mail|message|nachricht|courriel|correo|mensaje|mensagem|messaggio|bericht
virus|liab|haft(?:ung|et)|responsab|aansprakelijk|privileged
registered (?:office|in)|handelsregister|hrb|sitz der gesellschaft|geschäftsführ
"""
_LEGAL = [re.compile(thing, re.IGNORECASE) for thing in _LEGAL_THINGS.strip().split("\n")]
_BANNER = re.compile(
    r"(?:this|the) (?:e-?mail|message|sender)\b.{0,60}\b(?:outside|external)|externe? e-?mail"
    r"|\[?external\]?[: ].{0,40}(?:e-?mail|sender)|diese (?:e-?mail|nachricht) (?:stammt"
    r"|kommt) von extern"
    r"|(?:stammt|kommt) von außerhalb|expéditeur externe|correo externo"
    r"|you don't often get email from",
    re.IGNORECASE,
)
_SMALL_WORDS = """
of de von van der den da do dos and und et y e en für for the la le del della di du zu at bei chez
ext m t p f tel fax mobil mobile phone te x
"""
_SMALL = frozenset(_SMALL_WORDS.split())
_CONTACT = re.compile(r"@|https?:|www\.|\+?\d[\d\s()/.-]{5,}", re.IGNORECASE)
# "But", at the begin of a line, is no name.
_CONDITIONS = re.compile(
    r"\b(?:but|if|only|not?|unless|except|yes|nein|nicht|aber|wenn|nur|ja|non|mais|si|sauf|pero"
    r"|sino|sólo"
    r"|solo|mas|se|somente|ma|però|maar|als|alleen|niet|nee|approved?|reject(?:ed)?|ok(?:ay)?"
    r"|wait|until)\b",
    re.IGNORECASE,
)
# A line drawn with dashes; only "-- " announces a signature for certain.
_RULE = re.compile(r"-- |[-–—_=]{2,}\s*|—")
# What a plain part says instead of a picture.
_PICTURE = re.compile(r"\[(?:cid|image|logo):[^\[\]]{0,200}\]", re.IGNORECASE)
_LINES = 10


def without_signature(text: str, *, writer: str = "", below_words: bool = False) -> str:
    """Return `text` without what only signs it; the words of an answer always stay.

    A signature needs words to sign: above it, or elsewhere in the mail (`below_words`). `writer` is
    the sender's name as the mail shows it: a name alone, with nothing that announces it, signs only
    if it is theirs.
    """
    lines = [line for line in text.split("\n") if not _PICTURE.fullmatch(line.strip())]
    lines = _without_banner("\n".join(lines).strip("\n").split("\n"))
    before: list[str] | None = None
    while lines != before:
        before = lines
        lines = _trimmed(
            _without_legal(_without_device(_without_dashes(_trimmed(lines), below_words)))
        )
    lines = _trimmed(_without_name(_trimmed(lines), writer, below_words))
    return "\n".join(_trimmed(_without_closing(lines, below_words))).strip()


def _any_words(lines: list[str]) -> bool:
    return any(line.strip() for line in lines)


def _trimmed(lines: list[str]) -> list[str]:
    end = len(lines)
    while end and not lines[end - 1].strip():
        end -= 1
    return lines[:end]


def _without_dashes(lines: list[str], below_words: bool) -> list[str]:
    """Cut from "-- " on (RFC 3676, section 4.3), unless nothing stands above it.

    Without the space it may be a line that the writer drew: what is below must look signed.
    """
    for at, line in enumerate(lines):
        if not _RULE.fullmatch(line) or not (below_words or _any_words(lines[:at])):
            continue
        if line == "-- " or all(map(_signing, lines[at + 1 :])):
            return lines[:at]
    return lines


def _without_device(lines: list[str]) -> list[str]:
    """Cut "Sent from my iPhone" where only names and addresses stand below it."""
    for at in range(max(0, len(lines) - _LINES), len(lines)):
        if _is_device(lines[at]) and all(map(_signing, lines[at + 1 :])):
            return lines[:at]
    return lines


def _without_name(lines: list[str], writer: str, below_words: bool) -> list[str]:
    """Cut from the writer's own name on, where a blank line or a dash divides it off."""
    names = [name for name in re.findall(r"[^\W\d_]+", writer.casefold()) if len(name) > 1]
    if not names:
        return lines
    for at in range(max(0, len(lines) - _LINES), len(lines)):
        bare = lines[at].strip()
        words = re.findall(r"[^\W\d_]+", bare.casefold())
        if not words or not (set(words) <= set(names) or words[: len(names)] == names):
            continue
        divided = at == 0 or not lines[at - 1].strip(" \t*_-–—") or bare[0] in "-–—/"
        after_sentence = at > 0 and lines[at - 1].rstrip().endswith((".", "!", ","))
        if not (divided or after_sentence):
            continue
        signs = set(words) <= set(names) or _signing(lines[at])
        if (
            (below_words or _any_words(lines[:at]))
            and signs
            and all(map(_signing, lines[at + 1 :]))
        ):
            return lines[:at]
    return lines


def _is_device(line: str) -> bool:
    if len(line) > 160:
        return False
    bare = re.sub(r"<[^<>]{0,200}>|\(?https?://[^\s)]+\)?|[*\[\]]", "", line).strip()
    if _DEVICE_TAIL.fullmatch(bare):
        return not _CONDITIONS.search(bare)
    found = _DEVICE.fullmatch(bare)
    return bool(found and _THINGS.search(bare) and not _CONDITIONS.search(found["rest"]))


def _without_closing(lines: list[str], below_words: bool) -> list[str]:
    """Cut "Best regards" and the names below it, unless it is all there is."""
    for at in range(max(0, len(lines) - _LINES), len(lines)):
        bare = lines[at].strip().strip(".,!– ")
        first, _, name = bare.partition(",")
        closes = _CLOSING.fullmatch(bare) or (
            _CLOSING.fullmatch(first.strip()) and name.strip() and _signing(name)
        )
        if closes and (below_words or _any_words(lines[:at])):
            below = [line for line in lines[at + 1 :] if line.strip()]
            if all(map(_signing, below)):
                return lines[:at]
    return lines


def _without_legal(lines: list[str]) -> list[str]:
    """Cut the last paragraph where it is long and speaks like a lawyer, three times or more."""
    start = len(lines)
    while start and lines[start - 1].strip():
        start -= 1
    paragraph = " ".join(lines[start:])
    if len(paragraph) < 120 or not _any_words(lines[:start]):
        return lines
    return lines[:start] if sum(bool(sign.search(paragraph)) for sign in _LEGAL) >= 3 else lines


def _without_banner(lines: list[str]) -> list[str]:
    """Cut the first paragraph where a mail server warns of what comes from outside."""
    end = next((at for at, line in enumerate(lines) if not line.strip()), len(lines))
    paragraph = " ".join(lines[:end])
    rest = lines[end:]
    if len(paragraph) < 500 and _BANNER.search(paragraph) and _any_words(rest):
        return rest
    return lines


def _signing(line: str) -> bool:
    """Tell whether `line` could stand in nothing but a signature: names, titles, numbers."""
    line = line.strip().strip("*_|")
    if not line:
        return True
    if len(line) > 100:
        return False
    if _CONDITIONS.search(line):
        return False
    if _PICTURE.fullmatch(line) or _CONTACT.search(line) or re.fullmatch(r"[-–—_=*~\s]+", line):
        return True
    if line.endswith(("?", "!", ":")):
        return False
    words = re.findall(r"[^\W\d_][\w'’.-]*", line)
    return 0 < len(words) <= 8 and all(
        word[0].isupper() or not word[0].islower() or word.casefold().rstrip(".") in _SMALL
        for word in words
    )
