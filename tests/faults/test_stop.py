"""SIGTERM is a goodbye: sockets are told, the process ends with 0, and nothing is lost."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.faults.checks import seen_by, violations
from tests.faults.crowd import NAMES, Crowd
from tests.faults.kills import settled, told
from tests.faults.process import Server
from tests.faults.records import Records

AWAY = 1001


async def test_a_server_that_is_stopped_says_goodbye_and_loses_nothing(tmp_path: Path) -> None:
    server = Server(tmp_path / "server")
    await server.start()
    url = f"sqlite:///{server.data}/handraise.db"
    crowd = Crowd({name: await server.sign_up(name) for name in NAMES}, lambda: [server.url], 7)
    async with crowd.at_work():
        for _ in range(3):
            await asyncio.sleep(1)
            for talker in crowd.talkers:
                talker.close_codes.clear()
            code, seconds = await server.stop()
            assert code == 0, server.log.read_text()[-2000:]
            assert seconds < 10
            codes = [talker.close_codes[0] for talker in crowd.talkers if talker.close_codes]
            # One or two may have lost their connection by their own doing just then.
            assert codes.count(AWAY) >= len(crowd.talkers) - 2, codes
            await server.start()
        await crowd.calm_down()
        await settled(url)
        await crowd.catch_up()
        await told(url, crowd.talkers)
    records = Records.read(url)
    assert crowd.violations == []
    assert violations(records, crowd.acts, crowd.interrupted) == []
    assert seen_by(records, crowd.talkers) == []
    assert server.complaints() == []
    assert len(records.messages) > 50
    assert (await server.stop())[0] == 0


async def test_a_second_server_on_the_same_file_gets_a_sentence(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/handraise.db"
    first, second = Server(tmp_path / "one", url), Server(tmp_path / "two", url)
    await first.start()
    await second.spawn()
    assert await second.ended() == 1
    told = second.log.read_text()
    assert "Another Handraise server is using" in told
    assert "Traceback" not in told
    # The first never noticed; and once it is killed, the file is free at once.
    await first.sign_up("ana")
    await first.kill()
    await second.start()
    assert (await second.stop())[0] == 0
