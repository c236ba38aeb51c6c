"""The documented story: its lines, its times in people's zones, and its command."""

from __future__ import annotations

from pathlib import Path

from tests import story


async def test_a_question_s_day_is_told_from_its_journal(tmp_path: Path) -> None:
    lines = await story.tell(tmp_path)
    told = "\n".join(lines)
    in_order = [
        "Mon 10:00 Europe/Berlin     olga asked: May we ship 4.2?",
        "cleo: notified, asked",
        "dan: decider, away for cleo",
        "Mon 10:00 Europe/Berlin     it reached ana over chat",
        "Mon 10:00 Europe/Berlin     ana saw it",
        "Mon 09:10 Europe/London     dan said “approved” over slack: counted",
        "Mon 14:00 Europe/Berlin     a reminder went to who had not answered",
        "Mon 15:00 Europe/Berlin     nobody had decided, so eve was asked too",
        "Mon 09:40 America/New_York  ben said “approved” over email: decided",
        "Mon 16:10 Europe/Berlin     ana said “rejected” over chat: late, in disagreement",
        "Outcome: approved (“approved”). 3 responses were kept.\nThe journal verifies.",
    ]
    places = [told.index(part) for part in in_order]
    assert places == sorted(places)
    # Ben sleeps while it is asked, and gets it when his day begins, in his own channel first.
    reached = [line for line in lines if "it reached ben" in line]
    assert reached[0] == "Mon 09:00 America/New_York  it reached ben over email"
    assert not any("cleo over" in line for line in lines)
    for kind in ("a reminder went", "eve was asked too", ": decided", ": late"):
        assert told.count(kind) == 1, kind
    assert not any("request." in line or "surface." in line for line in lines)


def test_the_command_prints_it(capsys) -> None:  # type: ignore[no-untyped-def]
    assert story.main() == 0
    assert capsys.readouterr().out.splitlines()[-1] == "The journal verifies."
