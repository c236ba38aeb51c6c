"""The commands for Slack: the workspaces as they are kept, and a manifest that Slack takes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.adapters.sealing import SecretSealer
from bot.adapters.store.maintenance import maintain
from bot.adapters.store.opening import make_store
from bot.channels.slack.installation import Installation
from bot.channels.slack.keeping import Keeping
from bot.channels.slack.scopes import BOT_SCOPES
from bot.service.ports.store import Transaction
from bot.settings import Settings
from tests.contract.records import NOW
from web.cli.main import main

SECRET = "s" * 8 + "ecret-of-the-tests" * 2


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.setenv("SECRET_KEY", SECRET)
    monkeypatch.setenv("PUBLIC_URL", "https://hands.example.com:8443")
    monkeypatch.chdir(tmp_path)


@pytest.fixture
async def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("SLACK_SIGNING_SECRET", "signed")
    monkeypatch.setenv("SLACK_CLIENT_ID", "1.2")
    monkeypatch.setenv("SLACK_CLIENT_SECRET", "shh")
    url = f"sqlite:///{tmp_path / 'handraise.db'}"
    store = make_store(url, journal_key=b"")
    await store.open()
    await store.close()
    return url


def keep(database: str, *installations: Installation, closed: str = "") -> None:
    keeping = Keeping(sealer=SecretSealer(SECRET))

    def write(tx: Transaction) -> None:
        for each in installations:
            keeping.put(tx, each, NOW)
        if closed:
            keeping.close(tx, closed, "app_uninstalled", NOW, name="Cold \x1b[31mLtd", dead=None)

    with maintain(database, journal_key=b"") as opened:
        opened.write(write)


def test_the_workspaces_and_how_they_do(database: str, capsys: pytest.CaptureFixture[str]) -> None:
    ready = Installation(
        team="T1",
        team_name="Acme",
        token="xoxb-very-secret",
        scopes=frozenset(BOT_SCOPES),
        installed_at=NOW,
    )
    keep(database, ready)
    assert main(["slack", "list"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("T1  Acme  ready; installed 20")
    assert "secret" not in out

    old = Installation(team="T2", team_name="Old", token="xoxb-2", scopes=frozenset(BOT_SCOPES[1:]))
    keep(database, old, closed="T3")
    assert main(["slack", "list"]) == 1
    acme, lacking, gone, todo = capsys.readouterr().out.splitlines()
    assert acme.startswith("T1  Acme  ready")
    assert lacking.endswith(f"lacks {BOT_SCOPES[0]}")
    assert gone == "T3  Cold  [31mLtd  disconnected, its app was uninstalled"
    assert todo.endswith("https://hands.example.com:8443/slack/install.")


def test_no_workspace_yet(database: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["slack", "list"]) == 1
    assert "https://hands.example.com:8443/slack/install" in capsys.readouterr().err


def test_slack_is_not_configured(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["slack", "list"]) == 2
    assert capsys.readouterr().err.startswith("Slack is not configured")


def printed(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    assert main(["slack", "manifest", *words]) == 0
    out = capsys.readouterr().out
    read: dict[str, Any] = yaml.safe_load(out)
    return read


def test_the_manifest_has_our_address(capsys: pytest.CaptureFixture[str]) -> None:
    read = printed(capsys)
    events = "https://hands.example.com:8443/slack/events"
    assert read["settings"]["event_subscriptions"]["request_url"] == events
    assert read["features"]["slash_commands"][0]["url"] == events
    assert read["oauth_config"]["redirect_urls"] == [
        "https://hands.example.com:8443/slack/oauth_redirect",
        "https://hands.example.com:8443/api/auth/slack/callback",
    ]
    assert read["settings"]["socket_mode_enabled"] is False
    assert read["settings"]["token_rotation_enabled"] is True
    assert tuple(read["oauth_config"]["scopes"]["bot"]) == BOT_SCOPES


def test_socket_mode_needs_no_address(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PUBLIC_URL")
    assert main(["slack", "manifest"]) == 2
    assert "https" in capsys.readouterr().err
    given = printed(capsys, "--socket-mode")
    assert given["settings"]["socket_mode_enabled"] is True
    assert given["settings"]["token_rotation_enabled"] is False
    monkeypatch.setenv("SLACK_APP_TOKEN", "xapp-1")
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-1")
    assert printed(capsys) == given


def test_a_fixed_token_does_not_rotate(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-1")
    monkeypatch.setenv("SLACK_SIGNING_SECRET", "signed")
    settings = printed(capsys)["settings"]
    assert (settings["socket_mode_enabled"], settings["token_rotation_enabled"]) == (False, False)
