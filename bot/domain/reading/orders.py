"""Whether a reply speaks to the machine that reads it, or carries somebody else's words."""

from __future__ import annotations

from bot.domain.reading.languages.language import listed
from bot.domain.reading.phrases import ROLES, holds, spelt
from bot.domain.reading.spelling import Sort, pieces, seen

_ORDINARY = frozenset("()%€£&+")
_TO_A_MACHINE = spelt(
    listed(
        "ignore | disregard | override | instruction | instructions | prompt | system |"
        " assistant | ai | llm | model | verdict | output | json | developer | administrator |"
        " admin | policy | translate | repeat | tool | bot | automatically | counts as | count"
        " as | read this as | treat | means | the answer is | answer is | my answer is | the"
        " correct | answer yes | answer approve | always answer | mark it | set | true |"
        " everything | approve all | ignoriere | ignorieren | ignoriert | anweisung |"
        " anweisungen | regeln | ki | modell | übersetze | ausgabe | ignorez | consigne |"
        " consignes | règles | ia | modèle | traduis | ignora | instrucción | instrucciones |"
        " reglas | modelo | traduce | instruções | regras | traduz | istruzioni | regole |"
        " modello | traduci | negeer | instructies | regels | vertaal"
    )
)
_FROM_ELSEWHERE = spelt(
    listed(
        "approved by | rejected by | genehmigt von | approuvé par | aprobado por | aprovado"
        " por | approvato da | goedgekeurd door | already | bereits | déjà | già |"
        " forwarded | wrote | subject | weitergeleitet | schrieb | betreff | transféré | objet"
        " | a écrit | reenviado | asunto | escribió | encaminhado | assunto | escreveu |"
        " inoltrato | oggetto | ha scritto | doorgestuurd | onderwerp | schreef | said | says"
        " | told me | sagt | sagte | dit | dice | dijo | disse | zei | zegt"
    )
)


def is_plain(text: str) -> bool:
    """Tell whether `text` is prose of its author's own, addressed to people."""
    found = pieces(seen(text))
    signs = (piece.form for piece in found if piece.sort is Sort.SIGN)
    if any(sign not in _ORDINARY and (sign,) not in ROLES for sign in signs):
        return False
    said = tuple(piece.form for piece in found if piece.sort is Sort.WORD)
    return not holds(said, _TO_A_MACHINE) and not holds(said, _FROM_ELSEWHERE)
