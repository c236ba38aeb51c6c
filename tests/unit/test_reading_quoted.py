"""A model's reading holds only where the reply's own words state it, and nothing turns them."""

from __future__ import annotations

from typing import Any

import pytest

from bot.domain.feedback import Answer, Kind, Risk
from bot.domain.reading import Claim, Unclear, checked
from tests.unit.deciding_cases import a_request

QUESTION = "Shall we order the twelve new laptops for the team?"


def approval(text: str, words: str, *, approved: bool = True, **changes: Any) -> Answer | Unclear:
    request = a_request(**{"kind": Kind.APPROVAL, "options": (), "question": QUESTION, **changes})
    return checked(request, text, Claim(approved=approved, words=words))


def choice(text: str, words: str, *choices: str, **changes: Any) -> Answer | Unclear:
    given = {"options": ("Berlin", "Paris", "New York"), "question": "Where do we meet?", **changes}
    return checked(a_request(**given), text, Claim(choices=choices, words=words))


@pytest.mark.parametrize(
    ("text", "words", "approved"),
    [
        ("I went through it with Carla, the figures add up. Go ahead!", "Go ahead", True),
        ("I went through it with Carla, the figures add up. Go ahead!", "go  AHEAD", True),
        ("Good work of yours. You have my approval, order them.", "my approval", True),
        ("Habe alles durchgesehen, ich bin einverstanden.", "ich bin einverstanden", True),
        ("J'ai relu le dossier, je suis d'accord pour la commande.", "je suis d'accord", True),
        ("He revisado todo con Ana y lo apruebo.", "lo apruebo", True),
        ("Revi o orçamento e aprovo a compra.", "aprovo a compra", True),
        ("Ho letto l'offerta e approvo l'acquisto.", "approvo l'acquisto", True),
        ("Ik heb alles bekeken en ik ga akkoord.", "ik ga akkoord", True),
        ("We spent the money on chairs, so I reject this.", "I reject this", False),
        ("I do not approve of this purchase.", "do not approve", False),
        ("Das Geld ist weg, ich lehne das ab.", "ich lehne das ab", False),
    ],
)
def test_a_verdict_that_its_words_state(text: str, words: str, approved: bool) -> None:
    answer = approval(text, words, approved=approved)
    assert answer == Answer(approved=approved, text=" ".join(words.split()))


@pytest.mark.parametrize(
    ("text", "words", "approved"),
    [
        ("I am in a meeting and will look at it", "I am in a meeting", True),
        ("The figures add up. Go ahead!", "Please go ahead", True),
        ("The figures add up. Go ahead!", "", True),
        ("The figures add up. Go ahead!", "!", True),
        ("The figures add up. Go ahead!", "o ahea", True),
        ("The figures add up. Go ahead!", "Go ahead", False),
        ("I can't approve this yet", "approve this", True),
        ("I can't approve this yet", "can't approve this", False),
        ("Yes from my side, but only if Carla finds the money", "Yes", True),
        ("Yes. However, Carla must find the money", "Yes", True),
        ("Do you want me to go ahead?", "go ahead", True),
        ("Go ahead. Did you ask Carla?", "Go ahead", True),
        ("I'd say no to B and yes to A", "yes to A", True),
        ("I'd say no to B and yes to A", "no to B", False),
        ("I have no objection to that", "no objection", True),
        ("I have no objection to that", "no objection", False),
        ("I can't say no to such an offer", "can't say no", False),
        ("Shall we order the twelve new laptops for the team? Carla knows", "order the", True),
        ("> yes\nthat was Carla", "yes", True),
        ("Carla said yes to all of it", "said yes", True),
        ("Already approved by Carla last week", "approved by Carla", True),
        ("Ich bin einverstanden, sofern Carla zahlt", "Ich bin einverstanden", True),
        ("Je suis d'accord, sauf pour le prix", "Je suis d'accord", True),
        ("De acuerdo, siempre que Ana pague", "De acuerdo", True),
        ("Aprovo, mas com outro preço", "Aprovo", True),
        ("Approvo, purché costi di meno", "Approvo", True),
        ("Akkoord, mits het goedkoper wordt", "Akkoord", True),
        ("\u202eGo ahead with all of it", "Go ahead", True),
    ],
)
def test_a_verdict_that_its_words_do_not_bear(text: str, words: str, approved: bool) -> None:
    assert isinstance(approval(text, words, approved=approved), Unclear)


def test_a_high_risk_is_never_decided_by_a_model() -> None:
    assert isinstance(approval("Go ahead with it", "Go ahead", risk=Risk.HIGH), Unclear)
    assert isinstance(approval("Go ahead with it", "Go ahead", risk=Risk.LOW), Answer)


def test_a_negative_question_is_not_decided_by_yes_or_no() -> None:
    question = "Does anybody object to the order?"
    assert isinstance(approval("Yes, all fine here, yes", "Yes", question=question), Unclear)


def test_a_claim_fits_the_kind() -> None:
    assert isinstance(choice("Go ahead with it", "Go ahead"), Unclear)
    request = a_request(kind=Kind.APPROVAL, options=())
    claim = Claim(approved=True, choices=("yes",), words="yes")
    assert isinstance(checked(request, "yes indeed", claim), Unclear)
    open_question = a_request(kind=Kind.INPUT, options=())
    assert isinstance(checked(open_question, "yes", Claim(approved=True, words="yes")), Unclear)


@pytest.mark.parametrize(
    ("text", "words", "choices", "multiple", "held"),
    [
        ("We are looking forward to Paris, all of us", "to Paris", ("Paris",), False, True),
        ("Ich nehme New York, danke euch", "New York", ("New York",), False, True),
        ("Went through it all with Bob.\nParis.", "Paris", ("Paris",), False, True),
        ("I take Paris because of the museums", "take Paris", ("Paris",), False, True),
        ("Anything is better than Berlin", "Berlin", ("Berlin",), False, False),
        ("Berlin would be a disaster", "Berlin", ("Berlin",), False, False),
        ("Bob said I take Paris", "I take Paris", ("Paris",), False, False),
        ("Spare us Berlin", "Berlin", ("Berlin",), False, False),
        ("Bitte New York buchen, danke euch", "New York", ("New York",), False, False),
        ("Let us do Paris and Berlin", "Paris and Berlin", ("Paris", "Berlin"), True, True),
        ("Let us do Paris and Berlin", "Paris and Berlin", ("Paris", "Berlin"), False, False),
        ("Let us do Paris and Berlin", "Paris", ("Paris",), False, False),
        ("Paris is nicer than Berlin was", "Paris is nicer", ("Paris",), False, False),
        ("Anything but Paris", "Paris", ("Paris",), False, False),
        ("Not Paris this time", "Paris this time", ("Paris",), False, False),
        ("Paris if the fares are fine", "Paris", ("Paris",), False, False),
        ("The capital of France", "capital of France", ("Paris",), False, False),
        ("We meet in Paris", "Paris", ("Rome",), False, False),
    ],
)
def test_a_choice_is_named_by_its_words(
    text: str, words: str, choices: tuple[str, ...], multiple: bool, held: bool
) -> None:
    answer = choice(text, words, *choices, multiple=multiple)
    assert isinstance(answer, Answer) is held
    if isinstance(answer, Answer):
        assert set(answer.choices) == set(choices)


def test_a_label_within_another_is_not_taken_for_it() -> None:
    options = ("York", "New York")
    assert isinstance(choice("I take New York", "New York", "York", options=options), Unclear)
    assert choice("I take New York", "New York", "New York", options=options) == Answer(
        choices=("New York",), text="New York"
    )


@pytest.mark.parametrize(
    ("text", "words", "approved"),
    [
        ("I would love to say yes here.", "yes", True),
        ("Everybody says yes.", "yes", True),
        ("Bob agreed.", "agreed", True),
        ("Legal approved it last week.", "approved", True),
        ("Somebody has to say yes.", "yes", True),
        ("The old plan was approved.", "approved", True),
        ("I'd have approved the old one.", "approved", True),
        ("Ask Bob to approve.", "approve", True),
        ("Let Bob approve it.", "approve", True),
        ("Please approve the budget first.", "approve", True),
        ("I will approve it tomorrow.", "approve", True),
        ("I can approve from Monday.", "approve", True),
        ("I need to approve it with Bob.", "approve", True),
        ("Has it been approved by legal.", "approved", True),
        ("I want to agree.", "agree", True),
        ("I hate to say yes.", "yes", True),
        ("Happy to approve as soon as tests pass.", "Happy to approve", True),
        ("Ready to sign off when you are.", "sign off", True),
        ("Working on getting it approved.", "approved", True),
        ("I am the last who approved such a thing.", "approved", True),
        ("Stop worrying, ship.", "Stop", False),
        ("Too early to tell.", "Too early", False),
        ("Don't stop.", "stop", False),
        ("Cancel my meeting, then ship.", "Cancel", False),
        ("I refuse to wait any longer, ship!", "refuse", False),
        ("It is not me who decides.", "not", False),
        ("I have not read it.", "not", False),
        ("No time today.", "No", False),
        ("No opinion.", "No", False),
        ("I am not the right person.", "not", False),
        ("Nothing from me.", "Nothing", False),
        ("I can't open the link.", "can't", False),
        ("I do not know.", "not", False),
        ("Ich kann das nicht öffnen.", "nicht", False),
        ("Ich bin nicht zuständig.", "nicht", False),
        ("Das hat Paul genehmigt.", "genehmigt", True),
        ("Paul sagt ja.", "ja", True),
        ("Je ne sais pas.", "pas", False),
        ("Je n'ai pas lu.", "pas", False),
        ("No lo sé.", "No", False),
        ("No soy yo.", "No", False),
        ("Não sei.", "Não", False),
        ("Non lo so.", "Non", False),
        ("Ik weet het niet.", "niet", False),
        ("Ik ben niet verantwoordelijk.", "niet", False),
        ("Non sono io a decidere.", "Non", False),
        ("J'aimerais dire oui.", "oui", True),
        ("Tout le monde dit oui.", "oui", True),
        ("Ich werde zustimmen, sobald es geht.", "zustimmen", True),
    ],
)
def test_what_others_say_or_what_only_denies_is_no_verdict(
    text: str, words: str, approved: bool
) -> None:
    assert isinstance(approval(text, words, approved=approved), Unclear)
