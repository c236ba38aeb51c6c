"""The commands `handraise slack`: which workspaces have installed the app, and its manifest."""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import Any

from bot.adapters.clock import SystemClock
from bot.adapters.sealing import SecretSealer
from bot.channels.slack.keeping import Keeping, Kept
from bot.channels.slack.scopes import BOT_SCOPES
from bot.channels.slack.standing import standing_of
from bot.domain.errors import Invalid, NotFound
from bot.domain.instants import Micros
from bot.service.ports.store import Transaction
from bot.settings import Settings
from web.cli.database import opened
from web.cli.terminal import moment, plain, say

_PLACEHOLDER = "https://handraise.example.org"
_MANIFESTS = (
    Path(__file__).with_name("app_manifest.yml"),  # as it is installed
    Path(__file__).resolve().parents[2] / "app_manifest.yml",
)
_HEAD = re.compile(r"\A(?:#.*\n)*")


def add_to(groups: Any) -> None:
    """Add the group `slack`."""
    slack = groups.add_parser("slack", help="look at the workspaces of the Slack app")
    commands = slack.add_subparsers(metavar="COMMAND", required=True, title="commands")
    listed = commands.add_parser(
        "list",
        help="list the workspaces that have installed the app, and how each does",
        description="List the workspaces that have installed the app: id, name, how it does, "
        "since when, and what it may not do there. It asks nobody; `handraise doctor` asks Slack. "
        "Exit code 1 when one of them wants something to be done.",
    )
    listed.set_defaults(run=_list)
    manifest = commands.add_parser(
        "manifest",
        help="print the app's manifest, with PUBLIC_URL in it",
        description="Print app_manifest.yml as Slack takes it for this deployment, under “Create "
        "New App”, “From a manifest”: with PUBLIC_URL in its addresses, or for Socket Mode.",
    )
    manifest.add_argument(
        "--socket-mode",
        action="store_true",
        help="for Socket Mode, which needs no public address; as SLACK_APP_TOKEN says by itself",
    )
    manifest.set_defaults(run=_manifest)


def _list(_: argparse.Namespace) -> int:
    settings, now = Settings.load(), SystemClock().now()
    if settings.slack_bot_token.get_secret_value():
        say("One workspace, by SLACK_BOT_TOKEN: `handraise doctor --all` asks Slack about it.")
        return 0
    if not settings.has_slack:
        raise Invalid("Slack is not configured; docs/slack.md says how it is.")
    sealer = SecretSealer(
        settings.secret_key.get_secret_value(),
        former=tuple(each.get_secret_value() for each in settings.secret_key_previous),
    )
    with opened() as database:
        kept = database.read(_kept, Keeping(sealer=sealer))
    if not kept:
        raise NotFound(
            "No workspace has installed the app yet. An administrator does so at "
            f"{settings.public_url}/slack/install."
        )
    for team, each in kept:
        say(plain(_line(team, each, now)))
    wanting = [each for _, each in kept if each.closed or each.stuck or _missing(each)]
    if wanting:
        say(f"Install the app again where it is not ready: {settings.public_url}/slack/install.")
    return 1 if wanting else 0


def _kept(tx: Transaction, keeping: Keeping) -> list[tuple[str, Kept]]:
    return [(team, keeping.get(tx, team)) for team in keeping.teams(tx)]


def _line(team: str, kept: Kept, now: Micros) -> str:
    facts = [standing_of(kept, now)]
    if kept.installation is not None:
        facts.append(f"installed {moment(kept.installation.installed_at)}")
    missing = _missing(kept)
    if missing:
        facts.append(f"lacks {', '.join(missing)}")
    return f"{team}  {kept.name or '(no name)'}  {'; '.join(facts)}"


def _missing(kept: Kept) -> list[str]:
    """Return the scopes that a workspace has not granted, as far as it is known."""
    if kept.installation is None:
        return []
    return [scope for scope in BOT_SCOPES if not kept.installation.may(scope)]


def _manifest(arguments: argparse.Namespace) -> int:
    settings = Settings.load()
    by_socket = arguments.socket_mode or bool(settings.slack_app_token.get_secret_value())
    rotates = not by_socket and not settings.slack_bot_token.get_secret_value()
    say(_written(settings.public_url, by_socket=by_socket, rotates=rotates).rstrip("\n"))
    return 0


def _written(public_url: str, *, by_socket: bool, rotates: bool) -> str:
    """Return the manifest for a deployment at `public_url`.

    `Invalid` where Slack would send to an address that it takes from nobody.
    """
    text = _HEAD.sub("", _read())
    if by_socket:
        text = _set(text, "socket_mode_enabled", "true")  # and its addresses are not used
    elif not public_url.startswith("https://"):
        raise Invalid(
            "Slack sends to https addresses alone, and PUBLIC_URL is none. Set it to the address "
            "at which Slack reaches this server, or take --socket-mode."
        )
    if not rotates:
        text = _set(text, "token_rotation_enabled", "false")
    if public_url.startswith("https://"):
        text = text.replace(_PLACEHOLDER, public_url)
    return text


def _read() -> str:
    for path in _MANIFESTS:
        if path.is_file():
            return path.read_text(encoding="utf-8")
    raise NotFound("app_manifest.yml is not there: install Handraise again.")


def _set(text: str, name: str, value: str) -> str:
    changed, found = re.subn(rf"^(  {name}: )\w+$", rf"\g<1>{value}", text, flags=re.MULTILINE)
    if found != 1:
        raise NotFound(f"app_manifest.yml says nothing of {name}: install Handraise again.")
    return changed
