"""Questions whose good answer is a no, and questions that name alternatives, in every language."""

from __future__ import annotations

from bot.domain.reading.languages.language import listed
from bot.domain.reading.phrases import Words, holds, spelt

_AGAINST = spelt(
    listed(
        "is that a problem | is this a problem | is it a problem | be a problem | have a"
        " problem | see a problem | see any | any problem | any problems | any issue | any"
        " issues | any blocker | any blockers | there blockers | there problems | there issues"
        " | see problems | see issues | have issues | are we blocked | is it blocked | bother"
        " you | bothers you | bother anyone | bother anybody | trouble you | hurt you | upset"
        " you | anything missing | something missing | anything wrong | something wrong | is"
        " it wrong | is this wrong | is that wrong | be wrong | is it bad | is that bad | is"
        " this bad | be bad | too late | is it unsafe | is that unsafe | is this unsafe | will"
        " you block | would you block | do you block | do you doubt | any doubt | any doubts |"
        " any worries | das ein problem | es ein problem | ein problem wenn | gibt es probleme"
        " | problem für | problem damit | siehst du probleme | sehen sie probleme | schlimm |"
        " ist es falsch | ist das falsch | wäre es falsch | wäre das falsch | fehlt etwas |"
        " fehlt was | fehlt noch | zu spät | stören | stört's | zweifelst du | zweifeln sie |"
        " y a-t-il un problème | il y a un problème | est-ce un problème | c'est un problème |"
        " serait un problème | y a-t-il des problèmes | il y a des problèmes | pose problème |"
        " vous dérange | te dérange | dérange | dérange-t-il | dérange-t-elle | dérangerait |"
        " dérangerait-il | gêne | gêne-t-il | ennuie | ennuie-t-il | manque-t-il | manque"
        " quelque chose | trop tard | est-ce grave | est-ce mal | y a-t-il un blocage | des"
        " blocages | doutez-vous | algún problema | hay problemas | hay un problema | es un"
        " problema | sería un problema | molesta | molestaría | te importa | le importa | os"
        " importa | les importa | inconveniente | falta algo | demasiado tarde | está mal |"
        " estaría mal | algum problema | há problema | há problemas | é um problema | seria um"
        " problema | importa-se | importas-te | se importa | te importas | incomoda |"
        " incomoda-te | incomoda-o | incomodaria | falta alguma coisa | tarde demais | está"
        " errado | qualche problema | ci sono problemi | c'è un problema | è un problema |"
        " sarebbe un problema | dà fastidio | darebbe fastidio | disturba | ti spiace | le"
        " spiace | vi spiace | manca qualcosa | troppo tardi | è sbagliato | è un male | dat"
        " een probleem | het een probleem | er een probleem | een probleem als | zijn er"
        " problemen | zie je problemen | het erg | erg als | stoort | mis je iets | mist er"
        " iets | ontbreekt er | te laat | is het fout | is het verkeerd"
    )
)
"""What asks whether something speaks against it."""
_TROUBLES = spelt(
    listed(
        "problem | problems | issues | blockers | doubts | worries | probleme | zweifel |"
        " problème | problèmes | problema | problemas | problemi | dudas | dúvidas | dubbi |"
        " probleem | problemen | bezwaren"
    )
)
"""What does so alone: “Problems?”"""
_ALONE = 2
_OR = spelt(listed("or | either | oder | entweder | ou | soit | oppure"))
_SPANISH_OR_ITALIAN = frozenset(
    listed(
        "el | la | il | lo | los | las | gli | di | che | è | del | della | y | un | una | nel |"
        " en | per"
    )
)
_DUTCH = frozenset(
    listed(
        "het | een | je | jij | jullie | wij | u | niet | ik | voor | dat | moeten | zullen |"
        " kunnen | gaan | wachten"
    )
)
# "O" is the article of Portuguese, and in English nobody asks with "of".
_OR_IN = {"o": _SPANISH_OR_ITALIAN, "of": _DUTCH}


def asks_for_trouble(said: Words) -> bool:
    """Tell whether a sentence asks what speaks against it: there a no is good news."""
    return holds(said, _AGAINST) or (len(said) <= _ALONE and holds(said, _TROUBLES))


def offers_two(said: Words) -> bool:
    """Tell whether a sentence names alternatives, of which yes and no are neither."""
    if holds(said, _OR):
        return True
    return any(word in said and not known.isdisjoint(said) for word, known in _OR_IN.items())
