"""The day on which somebody who is away says to be back, in seven languages."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.gmail.absence import LONGEST, back_on

TODAY = date(2026, 2, 20)  # a Friday


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("I'm out of the office and back on Monday 3 March.", "03-03"),
        ("I will be back on March 9th, 2026.", "03-09"),
        ("I'm away until 1 March.", "03-02"),
        ("I am out through Friday, March 6.", "03-07"),
        ("On leave from 23 February to 6 March.", "03-07"),
        ("I am on leave 23-27 February", "02-28"),
        ("Away Feb 23 - Mar 6, returning Monday, March 9.", "03-09"),
        ("returning on the 9th of March", "03-09"),
        ("On March 9 I will be back", "03-09"),
        ("I'll be back tomorrow", "02-21"),
        ("I'm back on Monday.", "02-23"),
        ("Out until Friday", "02-28"),
        ("from 02/23/2026 to 03/05/2026", "03-06"),
        ("Out of office till 2026-03-20", "03-21"),
        ("Ich bin bis 12.05. nicht im Büro.", "05-13"),
        ("Ich bin bis einschließlich 12. Mai 2026 abwesend.", "05-13"),
        ("vom 23.2. bis 6.3. im Urlaub", "03-07"),
        ("Vom 3. bis zum 14. März bin ich nicht da.", "03-15"),
        ("Ab dem 3. März bin ich wieder erreichbar", "03-03"),
        ("Am Montag, den 9.3.2026 bin ich zurück.", "03-09"),
        ("Ich bin ab Montag wieder da.", "02-23"),
        ("Je suis absent jusqu'au 5 mai inclus", "05-06"),
        ("Je suis en congés du 23 février au 6 mars.", "03-07"),
        ("De retour le lundi 9 mars 2026", "03-09"),
        ("Absent jusqu’au 05/03/2026, je suis au bureau après.", "03-06"),
        ("Estaré fuera hasta el 3 de junio", "06-04"),
        ("A partir del 3 de junio estaré de vuelta", "06-03"),
        ("De vacaciones del 23 de febrero al 6 de marzo de 2026", "03-07"),
        ("Estou de férias até 05/03/2026", "03-06"),
        ("Volto no dia 9 de março", "03-09"),
        ("Regresso a 9 de março de 2026.", "03-09"),
        ("Sono fuori ufficio fino al 2 marzo", "03-03"),
        ("Sarò assente dal 23 febbraio al 6 marzo.", "03-07"),
        ("Rientro il 9 marzo", "03-09"),
        ("Ik ben afwezig tot en met 6 maart", "03-07"),
        ("Ik ben vanaf maandag terug op kantoor", "02-23"),
        ("Ik ben afwezig van 23 februari tot 6 maart 2026", "03-07"),
        # The writer says it twice, in two languages, or says two things: the later day.
        ("Bis 6. März abwesend. / Away until 6 March.", "03-07"),
        ("I am out today. Please ask Anna (back on 3.3.).", "03-03"),
        ("Out until 6 March\nand back on the 9th of March", "03-09"),
    ],
)
def test_a_day_that_is_named(text: str, day: str) -> None:
    assert back_on(text, today=TODAY) == date.fromisoformat(f"2026-{day}")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "I am away.",
        "I am away until 04/05/2026.",  # April or May?
        "Ab dem 3. März bin ich im Urlaub",
        "Our office moved on 3 March.",
        "Until 5 January",
        "out until May 1st, 2028",
        "I was back on 3 February 2026",
        "In urgent cases call Bob 089 1234 12.",
        "until 31.02.2026",
        "until 99.99.9999",
        "back soon",
        "Ask eve@evil.example, she is in.",
    ],
)
def test_no_day_where_none_is_certain(text: str) -> None:
    assert back_on(text, today=TODAY) is None


def test_a_day_of_the_next_year() -> None:
    assert back_on("Back on 4 January", today=date(2026, 12, 20)) == date(2027, 1, 4)


@given(st.text(st.sampled_from("until back on bis 0123456789./-März May de el"), max_size=120))
def test_any_text_is_read_and_a_day_is_to_come(text: str) -> None:
    found = back_on(text, today=TODAY)
    assert found is None or TODAY < found <= TODAY + LONGEST


@given(st.dates(TODAY + timedelta(days=2), TODAY + timedelta(days=300)))
def test_every_day_is_read_in_every_form(day: date) -> None:
    after = day + timedelta(days=1)
    assert back_on(f"back on {day.isoformat()}", today=TODAY) == day
    assert back_on(f"back on {day:%d %B %Y}", today=TODAY) == day
    assert back_on(f"back on {day:%B %d, %Y}", today=TODAY) == day
    assert back_on(f"Ich bin bis {day:%d.%m.%Y} abwesend", today=TODAY) == after
    assert back_on(f"Je suis absent jusqu'au {day:%d/%m/%Y}", today=TODAY) == after
