"""The command `handraise doctor`: what is missing in a deployment, and what to do."""

from __future__ import annotations

import argparse
import asyncio
import json
from dataclasses import asdict
from typing import Any

import aiohttp

from bot.adapters.clock import SystemClock
from bot.adapters.sealing import SecretSealer
from bot.adapters.store.maintenance import maintain
from bot.domain.errors import HandraiseError
from bot.settings import Settings
from web.cli.terminal import counted, plain, say
from web.doctor import given, gmail, keeping, model, slack
from web.doctor.findings import Finding, State, note, ok, todo
from web.doctor.given import Given
from web.doctor.probes import Probes

SKEW = 60
"""Seconds that our clock may be off: Slack and Google refuse what is minutes old."""


def add_to(groups: Any) -> None:
    """Add the command `doctor`."""
    doctor = groups.add_parser(
        "doctor",
        help="check the deployment, and say what to do",
        description="Check settings, database, disk, administrators, Slack, the mailbox, the "
        "language model and the clock; print what is missing and what to do, and nothing else. "
        "Exit code 1 when something must be done.",
    )
    doctor.add_argument("--all", action="store_true", help="print what is well, too")
    doctor.add_argument("--json", action="store_true", help="print every finding as JSON")
    doctor.set_defaults(run=_doctor)


def _doctor(arguments: argparse.Namespace) -> int:
    findings = asyncio.run(_examine(given.load()))
    wanting = [each for each in findings if each.state is State.TODO]
    if arguments.json:
        shown = {"ok": not wanting, "findings": [asdict(each) for each in findings]}
        say(json.dumps(shown, ensure_ascii=False))
        return 1 if wanting else 0
    for each in findings if arguments.all else wanting:
        mark = {State.OK: "ok  ", State.NOTE: "note", State.TODO: "TODO"}[each.state]
        say(plain(f"{mark}  {each.check}: {each.found}"))
        if each.do:
            say(plain(f"      {each.do}"))
    if wanting:
        say(f"{counted(len(wanting), 'thing')} to do.")
        return 1
    say(f"All is well ({counted(len(findings), 'check')}).")
    return 0


async def _examine(found: Given) -> list[Finding]:
    findings = given.check(found)
    settings = found.settings
    if settings is None:
        return findings
    findings += await asyncio.to_thread(keeping.check, settings, found.wrong)
    installed, mailbox = await asyncio.to_thread(_kept, settings)
    async with aiohttp.ClientSession() as session:
        probes = Probes(session)
        outside = await asyncio.gather(
            slack.check(settings, installed, probes),
            gmail.check(settings, mailbox, probes, SystemClock().now()),
            model.check(settings, probes),
        )
    for each in outside:
        findings += each
    findings += _codes(settings)
    return findings + _clock(probes)


def _kept(settings: Settings) -> tuple[list[str], gmail.Kept]:
    sealer = SecretSealer(
        settings.secret_key.get_secret_value(),
        former=tuple(each.get_secret_value() for each in settings.secret_key_previous),
    )
    none = gmail.Kept()
    try:
        with maintain(settings.database_url, journal_key=b"") as database:
            tokens = database.read(slack.tokens, sealer)
            return tokens, database.read(gmail.kept, sealer) if settings.has_gmail else none
    except HandraiseError:  # told by the check of the database
        return [], none


def _codes(settings: Settings) -> list[Finding]:
    """Look whether anybody's address can be confirmed, without which nobody is asked."""
    if settings.debug or settings.has_slack or settings.has_gmail:
        return []
    return [
        todo(
            "codes",
            "Nothing can carry a verification code, so nobody can confirm their address.",
            "Connect a mailbox (docs/gmail.md) or Slack (docs/slack.md).",
        )
    ]


def _clock(probes: Probes) -> list[Finding]:
    if not probes.skews:
        return [note("clock", "No other service was asked, so the clock was compared with none.")]
    skew = min(probes.skews, key=abs)
    if abs(skew) <= SKEW:
        return [ok("clock", "The clock agrees with other services'.")]
    way = "ahead" if skew > 0 else "behind"
    return [
        todo(
            "clock",
            f"This machine's clock is {abs(skew):,.0f} s {way}.",
            "Set it by NTP: signatures and sign-ins depend on it.",
        )
    ]
