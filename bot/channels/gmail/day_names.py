"""Names of months and weekdays in the languages in which absences are read."""

from __future__ import annotations

import re

_MONTHS = """
january jan januar jänner januari janvier janv enero ene janeiro gennaio gen
february feb februar februari février fevrier févr fév febrero fevereiro fev febbraio febr
march mar märz maerz mrz maart mrt mars marzo março marco
april apr avril avr abril abr aprile
may mai mei mayo maio maggio mag
june jun juni juin junio junho giugno giu
july jul juli juillet juil julio julho luglio lug
august aug augustus août aout agosto ago
september sep sept septembre septiembre setembro set settembre
october oct oktober okt octobre octubre outubro out ottobre ott
november nov novembre noviembre novembro
december dec dezember dez décembre decembre déc diciembre dic dezembro dicembre
"""
_WEEKDAYS = """
monday mon montag mo lundi lun lunes segunda-feira segunda lunedì lunedi maandag ma
tuesday tue dienstag di mardi mar martes terça-feira terça martedì martedi dinsdag
wednesday wed mittwoch mi mercredi mer miércoles miercoles quarta-feira quarta mercoledì woensdag wo
thursday thu donnerstag do jeudi jeu jueves quinta-feira quinta giovedì giovedi donderdag
friday fri freitag fr vendredi ven viernes sexta-feira sexta venerdì venerdi vrijdag vr
saturday sat samstag sonnabend sa samedi sam sábado sabado sabato zaterdag za
sunday sun sonntag so dimanche dim domingo domenica zondag zo
"""


def _table(names: str, first: int) -> dict[str, int]:
    lines = names.strip().split("\n")
    return {name: number for number, line in enumerate(lines, first) for name in line.split()}


MONTHS = _table(_MONTHS, 1)
"""From a month's name, in lower case without a dot, to its number."""
# Short weekdays mean other words when they stand alone ("so", "do", "mar").
WEEKDAYS = {name: n for name, n in _table(_WEEKDAYS, 0).items() if len(name) > 4}
"""From a weekday's full name, in lower case, to its number; Monday is 0."""


def either(names: dict[str, int]) -> str:
    """Return a pattern for any of `names`, the longest first."""
    return "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
