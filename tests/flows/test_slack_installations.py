"""Who the app is in each team: installed, rotated before the end, revoked, and never lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from bot.channels.slack.config import SlackConfig
from bot.channels.slack.installation import Installation
from bot.channels.slack.keeping import KIND
from bot.channels.slack.refusals import Refused
from bot.domain.errors import Unavailable
from bot.domain.feedback import Kind
from bot.domain.planning import AskHuman
from bot.domain.surface import SurfaceState
from bot.service.ports.channel import Fate
from tests.flows.slack_scene import Scene, Sender, config_of, slack_scene

QUESTION = AskHuman(people=("ben",), question="May I?", kind=Kind.APPROVAL)


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    async with slack_scene(tmp_path, rotating=True) as scene:
        await scene.join("ann", "ben")
        yield scene


@asynccontextmanager
async def another(scene: Scene, name: str, config: SlackConfig | None = None) -> AsyncIterator[Any]:
    """Run another server of the deployment."""
    sender = scene.new_sender(name, config)
    await sender.open()
    try:
        yield sender
    finally:
        await sender.close()


async def ping(sender: Sender, team: str) -> None:
    """Make one call for a team."""
    await sender.calls.call(team, lambda client: client.auth_test())


def refreshes(scene: Scene) -> int:
    """Return how often tokens were renewed at Slack, or it was tried."""
    calls = scene.slack.calls("oauth.v2.access")
    return sum(call.args.get("grant_type") == "refresh_token" for call in calls)


async def kept(scene: Scene) -> Installation | None:
    return await scene.new_sender("reader").installations.find(scene.team.id)


async def test_an_installation_is_kept_sealed_and_known_to_every_server(scene: Scene) -> None:
    found = await scene.sender.installations.of(scene.team.id)
    assert found.bot_user == scene.slack.installed().bot_user_id
    assert found.url == "https://acme.slack.com/"
    assert "chat:write" in found.scopes
    (secret,) = await scene.read(lambda tx: tx.vault.all(KIND))
    assert found.token.encode() not in secret.sealed
    assert found.token not in repr(found)
    assert found.refresh_token is not None
    assert found.refresh_token not in repr(found)
    async with another(scene, "second") as second:
        assert (await second.installations.of(scene.team.id)).token == found.token
        assert second.installations.health().state == "ready"


async def test_a_team_that_has_not_installed_the_app_is_none(scene: Scene) -> None:
    assert await scene.sender.installations.find("T404") is None
    with pytest.raises(Refused) as refused:
        await scene.sender.installations.of("T404")
    assert refused.value.fate is Fate.FAILED


async def test_what_is_installed_on_one_server_is_known_on_another_soon(tmp_path: Path) -> None:
    async with slack_scene(tmp_path, installed=False) as scene, another(scene, "second") as second:
        assert await second.installations.find(scene.team.id) is None
        assert "install" in second.installations.health().reason
        await scene.install()
        scene.clock.advance(6)
        assert await second.installations.find(scene.team.id) is not None


async def test_a_token_is_renewed_before_it_ends_by_the_chore_alone(scene: Scene) -> None:
    for _ in range(4 * 24):
        scene.clock.advance(minutes=15)
        await scene.sender.installations.rotate_all()
        await ping(scene.sender, scene.team.id)
    assert 2 <= refreshes(scene) <= 4
    assert all(call.ok for call in scene.slack.calls("auth.test"))


async def test_a_send_that_nobody_triggered_renews_an_expired_token(scene: Scene) -> None:
    scene.clock.advance(hours=13)
    await scene.put("ann", QUESTION)
    await scene.reached()
    assert len(scene.cards("ben")) == 1
    assert refreshes(scene) == 1


async def test_many_servers_renew_a_token_once(scene: Scene) -> None:
    scene.clock.advance(hours=9)
    gate = scene.slack.fail("oauth.v2.access", kind="gate")
    async with another(scene, "second") as second, another(scene, "third") as third:
        servers = [scene.sender, second, third]
        first = asyncio.ensure_future(ping(servers[0], scene.team.id))
        await gate.reached.wait()
        # While one renews it, the others go on with the token that still lives.
        await asyncio.gather(*(ping(server, scene.team.id) for server in servers[1:]))
        gate.release.set()
        await first
        scene.clock.advance(30)
        await asyncio.gather(*(ping(server, scene.team.id) for server in servers))
    assert refreshes(scene) == 1


async def test_a_new_token_is_kept_though_its_caller_was_cut_off(scene: Scene) -> None:
    scene.clock.advance(hours=9)
    gate = scene.slack.fail("oauth.v2.access", kind="gate")
    call = asyncio.ensure_future(ping(scene.sender, scene.team.id))
    await gate.reached.wait()
    call.cancel()
    await asyncio.gather(call, return_exceptions=True)
    gate.release.set()
    await scene.sender.installations.close()
    scene.clock.advance(30)
    async with another(scene, "second") as second:
        await ping(second, scene.team.id)
    assert refreshes(scene) == 1


async def test_a_new_token_is_not_lost_while_the_database_is_down(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.clock.advance(hours=13)
    run = scene.store.run

    async def breaking(function: Callable[..., Any], /, *args: Any) -> Any:
        if refreshes(scene):  # from the moment on at which Slack has given it
            raise Unavailable("down")
        return await run(function, *args)

    monkeypatch.setattr(scene.store, "run", breaking)
    await ping(scene.sender, scene.team.id)
    scene.clock.advance(30)
    await ping(scene.sender, scene.team.id)
    assert refreshes(scene) == 1
    monkeypatch.undo()
    scene.clock.advance(60)
    await scene.sender.installations.rotate_all()
    async with another(scene, "second") as second:
        await ping(second, scene.team.id)
    assert refreshes(scene) == 1


async def test_a_renewal_that_slack_did_not_make_is_tried_again(scene: Scene) -> None:
    scene.clock.advance(hours=9)
    scene.slack.fail("oauth.v2.access", kind="status", status=503, times=2)
    await ping(scene.sender, scene.team.id)
    scene.clock.advance(25)
    await ping(scene.sender, scene.team.id)
    scene.clock.advance(25)
    await ping(scene.sender, scene.team.id)
    assert refreshes(scene) == 3
    found = await kept(scene)
    assert found is not None
    assert found.is_fresh(scene.clock.now())
    assert scene.sender.installations.health().state == "ready"


async def test_when_slacks_answer_is_lost_the_operator_is_told_while_there_is_time(
    scene: Scene,
) -> None:
    scene.clock.advance(hours=9)
    scene.slack.fail("oauth.v2.access", kind="drop", after_effect=True)
    await ping(scene.sender, scene.team.id)
    scene.clock.advance(25)
    await ping(scene.sender, scene.team.id)
    await scene.sender.installations.survey()
    health = scene.sender.installations.health()
    assert health.state == "degraded"
    assert "/slack/install" in health.reason
    assert "Acme" in health.reason
    # The old token works to its end, then the team is closed, and installing it again opens it.
    scene.clock.advance(hours=2)
    await ping(scene.sender, scene.team.id)
    scene.clock.advance(hours=2)
    with pytest.raises(Refused, match="token_expired"):
        await ping(scene.sender, scene.team.id)
    assert scene.sender.installations.health().state == "closed"
    await scene.install()
    await ping(scene.sender, scene.team.id)
    assert scene.sender.installations.health().state == "ready"


async def test_a_token_that_another_server_renewed_is_taken_up_after_a_refusal(
    scene: Scene,
) -> None:
    await ping(scene.sender, scene.team.id)
    async with another(scene, "second") as second:
        await scene.slack.revoke_tokens()
        await scene.install()  # by this server: the second still has the old one
        second.installations._known.clear()
        await ping(second, scene.team.id)
    assert scene.sender.installations.health().state == "ready"


async def test_after_an_uninstall_the_team_is_closed_and_says_so(scene: Scene) -> None:
    request = await scene.put("ann", QUESTION)
    await scene.slack.uninstall()
    await scene.reached()
    surface = await scene.surface(request, "ben")
    assert surface.state is SurfaceState.DEAD
    assert surface.last_error == "Slack is disconnected for this team"
    health = scene.sender.installations.health()
    assert health.state == "closed"
    assert "Acme" in health.reason
    assert "/slack/install" in health.reason
    assert await scene.read(lambda tx: tx.vault.all(KIND)) == []
    calls = len(scene.slack.calls())
    await scene.put("ann", QUESTION)
    await scene.reached()
    assert len(scene.slack.calls()) == calls, "nothing is sent to a team that has closed"
    async with another(scene, "second") as second:
        assert second.installations.health().state == "closed"
        assert await second.installations.find(scene.team.id) is None


async def test_an_event_of_an_uninstall_closes_the_team_without_a_send(scene: Scene) -> None:
    await scene.slack.uninstall()
    await scene.sender.installations.gone(scene.team.id, "app_uninstalled")
    assert await scene.sender.installations.find(scene.team.id) is None
    assert "uninstalled" in scene.sender.installations.health().reason


async def test_an_old_event_does_not_close_a_team_that_installed_the_app_again(
    scene: Scene,
) -> None:
    await scene.slack.revoke_tokens()
    await scene.install()
    await scene.sender.installations.gone(scene.team.id, "tokens_revoked")
    await ping(scene.sender, scene.team.id)
    await scene.sender.installations.gone("T404", "app_uninstalled")
    assert scene.sender.installations.health().state == "ready"


async def test_a_team_that_could_not_be_asked_is_opened_again_by_itself(scene: Scene) -> None:
    scene.slack.fail("auth.test", kind="status", status=503)
    await scene.sender.installations.gone(scene.team.id, "tokens_revoked")
    assert await scene.sender.installations.find(scene.team.id) is None
    await scene.sender.installations.look_again()
    assert await scene.sender.installations.find(scene.team.id) is not None


async def test_one_team_that_has_gone_does_not_close_the_others(scene: Scene) -> None:
    first, scene.team = scene.team, scene.slack.add_team("Globex", "boss")
    code_of_second = scene.slack.install(scene.team, "boss")
    assert code_of_second.value
    await scene.slack.uninstall(first)
    await scene.sender.installations.gone(first.id, "app_uninstalled")
    await scene.sender.installations.install(
        {
            "access_token": code_of_second.value,
            "bot_user_id": code_of_second.user_id,
            "team": {"id": scene.team.id, "name": "Globex"},
            "scope": "chat:write",
        }
    )
    await ping(scene.sender, scene.team.id)
    health = scene.sender.installations.health()
    assert health.state == "degraded"
    assert health.details[scene.team.id] == "Globex: ready"
    assert "uninstalled" in health.details[first.id]


# --- one workspace by its token ----------------------------------------------------------------


@asynccontextmanager
async def single(tmp_path: Path) -> AsyncIterator[tuple[Scene, SlackConfig]]:
    async with slack_scene(tmp_path, installed=False) as scene:
        token = scene.slack.install(scene.team, "root")
        config = SlackConfig(
            bot_token=token.value, app_token="xapp-1", api_url=scene.slack.api_url, public_url="x"
        )
        yield scene, config


async def test_a_bot_token_says_by_itself_whose_it_is(tmp_path: Path) -> None:
    async with single(tmp_path) as (scene, config), another(scene, "one", config) as one:
        found = await one.installations.of(scene.team.id)
        assert found.bot_user == scene.slack.installed().bot_user_id
        assert await one.installations.find("T404") is None
        assert one.installations.health().state == "ready"
        assert len(scene.slack.calls("auth.test")) == 1
        assert await scene.read(lambda tx: tx.vault.all(KIND)) == []


async def test_without_slack_it_opens_degraded_and_finds_out_later(tmp_path: Path) -> None:
    async with single(tmp_path) as (scene, config):
        scene.slack.fail("auth.test", kind="status", status=503, times=2)
        async with another(scene, "one", config) as one:
            assert one.installations.health().state == "degraded"
            assert "cannot be reached" in one.installations.health().reason
            for _ in range(3):
                with pytest.raises(Unavailable):
                    await one.installations.find(scene.team.id)
            assert len(scene.slack.calls("auth.test")) == 1, "not asked at every event"
            with pytest.raises(Refused) as refused:
                await one.installations.of(scene.team.id)
            assert refused.value.fate is Fate.RETRY
            scene.clock.advance(11)
            with pytest.raises(Unavailable):
                await one.installations.find(scene.team.id)
            scene.clock.advance(11)
            assert await one.installations.find(scene.team.id) is not None
            assert one.installations.health().state == "ready"


async def test_a_wrong_bot_token_is_told_to_the_operator(tmp_path: Path) -> None:
    async with single(tmp_path) as (scene, _):
        config = SlackConfig(bot_token="xoxb-wrong", api_url=scene.slack.api_url)
        async with another(scene, "one", config) as one:
            health = one.installations.health()
            assert health.state == "closed"
            assert "SLACK_BOT_TOKEN" in health.reason
            with pytest.raises(Refused) as refused:
                await one.installations.of(scene.team.id)
            assert refused.value.fate is Fate.FAILED


async def test_a_bot_token_that_was_revoked_closes_slack_until_it_works_again(
    tmp_path: Path,
) -> None:
    async with single(tmp_path) as (scene, config), another(scene, "one", config) as one:
        await scene.slack.revoke_tokens()
        with pytest.raises(Refused) as refused:
            await ping(one, scene.team.id)
        assert refused.value.fate is Fate.FAILED
        assert one.installations.health().state == "closed"
        assert "SLACK_BOT_TOKEN" in one.installations.health().reason
        fresh = scene.slack.install(scene.team, "root")
        again = SlackConfig(bot_token=fresh.value, api_url=scene.slack.api_url)
        async with another(scene, "restarted", again) as restarted:
            await ping(restarted, scene.team.id)
            assert restarted.installations.health().state == "ready"


async def test_secrets_stay_out_of_logs_and_of_what_is_printed(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    found = await scene.sender.installations.of(scene.team.id)
    scene.clock.advance(hours=9)
    scene.slack.fail("oauth.v2.access", kind="drop")
    await ping(scene.sender, scene.team.id)
    config = config_of(scene.slack, bot_token="xoxb-very-secret")
    text = caplog.text + repr(config)
    for secret in (found.token, found.refresh_token or "", config.client_secret, "very-secret"):
        assert secret not in text
