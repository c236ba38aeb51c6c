"""The server dies and the channel fails while people talk there: all is said once, in order."""

from __future__ import annotations

import os
import random
from pathlib import Path

from tests.faults.places import talk_at_places


async def test_what_the_agent_says_at_places_is_said_once(tmp_path: Path) -> None:
    seed = int(os.environ.get("FAULTS_SEED") or random.randrange(10**6))
    report = await talk_at_places(tmp_path, kills=12, seed=seed)
    print(report)
    assert not report.broken, str(report)
    # Otherwise the run was too quiet to show anything.
    assert report.acknowledged > 50
    assert report.resent > 3
