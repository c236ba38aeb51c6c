"""The command line, as a process of its own beside a running server."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.adapters.store.maintenance import maintain
from bot.domain.feedback import Answer, Part, Route, Standing
from bot.domain.journal import Entry
from bot.domain.session import Session
from bot.service.ports.store import Transaction
from bot.settings import Settings
from tests.contract.records import NOW, a_person, a_request, a_response, add_session
from tests.flows.commands import Commands, commands
from tests.flows.test_start import ROOT, port, start
from web.journal_key import journal_key

__all__ = ["commands", "port"]

WORDS = "Yes,\nship \x1b[31mit"


@dataclass
class Deployment:
    """A server that runs, and a question in its database."""

    folder: Path
    request_id: str
    commands: Commands

    @property
    def database(self) -> Path:
        return self.folder / "data" / "handraise.db"

    def handraise(self, *words: str, **more: str) -> tuple[int, str, str]:
        """Run a command; return its exit code, output and errors."""
        variables = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "DATA_DIR": "data",
            **more,
        }
        return self.commands.run(words, self.folder, variables)

    def execute(self, sql: str) -> None:
        with closing(sqlite3.connect(self.database, timeout=10)) as connection, connection:
            connection.execute(sql)


def told(tx: Transaction) -> str:
    """Keep a question that ben answered, and what has nothing to do with it."""
    ann, ben = a_person("Ann"), a_person("Ben")
    session: Session = add_session(tx, ann)
    tx.people.add(ben)
    request = a_request(session)
    tx.requests.add(request)
    tx.requests.add_recipient(request.id, ben.id, 0, Part.DECIDER, Route.ASKED)
    answer = Answer(approved=None, choices=("yes",), text="")
    tx.requests.add_response(
        a_response(
            request,
            ben,
            answer=answer,
            raw_text=WORDS,
            standing=Standing.DECIDED,
            created_at=NOW + 2_000_000,
        )
    )
    about = {"session_id": session.id, "request_id": request.id}
    asked = {"digest": "d", "people": [ben.id], "note": WORDS}
    tx.journal.add(Entry(kind="request.asked", at=NOW, person_id=ann.id, data=asked, **about))
    tx.journal.add(
        Entry(
            kind="request.answered", at=NOW + 2_000_000, person_id=ben.id, channel="chat", **about
        )
    )
    tx.journal.add(Entry(kind="session.ended", at=NOW + 3_000_000, session_id=session.id))
    return request.id


@pytest.fixture
def deployment(tmp_path: Path, port: int, commands: Commands) -> Iterator[Deployment]:
    process = start(tmp_path, port, LOG_FORMAT="json")
    assert process.stdout is not None
    try:
        assert "Handraise is at" in process.stdout.readline()
        settings = Settings.load(env_file=None, data_dir=tmp_path / "data", debug=True)
        key = journal_key(settings.secret_key)
        with maintain(f"sqlite:///{tmp_path / 'data/handraise.db'}", journal_key=key) as database:
            request_id = database.write(told)
        yield Deployment(tmp_path, request_id, commands)
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)


def test_export_writes_one_entry_a_line(deployment: Deployment) -> None:
    code, out, err = deployment.handraise("audit", "export")
    assert (code, err) == (0, "")
    asked, answered, ended = [json.loads(line) for line in out.splitlines()]
    assert asked["kind"] == "request.asked"
    assert asked["at"] == "2027-01-15T08:00:00.000000Z"
    assert asked["person"]["name"] == "Ann"
    assert asked["request"] == deployment.request_id
    assert asked["data"]["note"] == WORDS
    assert (answered["channel"], answered["chain"]["number"]) == ("chat", 2)
    assert (ended["person"], ended["chain"]) == (None, None)

    _, out, _ = deployment.handraise(
        "audit", "export", "--since", "2027-01-15T09:00:01+01:00", "--until", "2027-01-15T08:00:03"
    )
    assert [json.loads(line) for line in out.splitlines()] == [answered]

    file = deployment.folder / "story.jsonl"
    code, out, _ = deployment.handraise(
        "audit", "export", "--request", deployment.request_id, "--output", str(file)
    )
    assert (code, out) == (0, "")
    assert [json.loads(line) for line in file.read_text().splitlines()] == [asked, answered]
    assert file.stat().st_mode & 0o077 == 0
    assert list(file.parent.glob("*.partial")) == []


def test_verify_finds_what_was_changed(deployment: Deployment) -> None:
    assert deployment.handraise("audit", "verify") == (0, "2 entries of 1 question verified.\n", "")
    deployment.execute("UPDATE journal SET at = at + 1 WHERE kind = 'request.answered'")
    code, out, err = deployment.handraise("audit", "verify")
    assert (code, err) == (1, "")
    assert out == (
        f"question {deployment.request_id}: "
        "entry 2 (request.answered) is not what was written there\n"
    )
    assert deployment.handraise("audit", "verify", "--request", deployment.request_id)[0] == 1
    assert (
        "The journal: entry 2" in deployment.handraise("question", "show", deployment.request_id)[1]
    )


def test_show_tells_a_story(deployment: Deployment) -> None:
    code, out, err = deployment.handraise("question", "show", deployment.request_id)
    assert (code, err) == (0, "")
    assert "\x1b" not in out
    at, then = "2027-01-15 08:00:00 UTC", "2027-01-15 08:00:02 UTC"
    assert out.splitlines() == [
        f"Question {deployment.request_id}",
        "  Can we ship? 100% sure",
        "  options: yes, no",
        "  asked by Ann of Ben",
        f"  until {at}",
        "  pending",
        "",
        f"{at}  {'request.asked':22}  Ann  people: Ben  note: Yes, ship  [31mit",
        f"{then}  {'(decided)':22}  Ben  via chat  “yes”",
        f"{then}  {'request.answered':22}  Ben  via chat",
        "",
        "The journal verifies.",
    ]


def test_what_cannot_be_done_is_a_sentence(deployment: Deployment) -> None:
    for words in (
        ["audit", "verify", "--request", "x"],
        ["question", "show", "x"],
        ["audit", "export", "--request", "x"],
    ):
        code, out, err = deployment.handraise(*words)
        assert (code, out, err.count("\n")) == (1, "", 1), words
        assert "no question" in err
    for words, what in (
        ([], "COMMAND"),
        (["audit", "export", "--since", "yesterday"], "'yesterday' is not a time"),
        (["audit", "export", "--output", "none/x"], "cannot be written"),
    ):
        code, out, err = deployment.handraise(*words)
        assert (code, out, err.count("\n")) == (2, "", 1), words
        assert what in err
    code, out, err = deployment.handraise("audit", "verify", PORT="x")
    assert (code, out) == (2, "")
    assert "PORT" in err
    code, _, err = deployment.handraise("audit", "verify", SECRET_KEY="another-secret" * 3)
    assert code == 1
    nowhere = f"sqlite:///{deployment.folder / 'none.db'}"
    code, _, err = deployment.handraise("audit", "verify", DATABASE_URL=nowhere)
    assert (code, err.count("\n")) == (2, 1)
    assert "There is no database" in err
    assert not (deployment.folder / "none.db").exists()
    deployment.execute("UPDATE alembic_version SET version_num = '9999'")
    code, _, err = deployment.handraise("audit", "verify")
    assert (code, err.count("\n")) == (2, 1)
    assert "schema 9999" in err


def test_a_reader_who_leaves_is_no_error(deployment: Deployment) -> None:
    command = f"{sys.executable} -m web.cli audit export | true; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(
        ["bash", "-c", command],
        check=False,
        cwd=deployment.folder,
        text=True,
        capture_output=True,
        timeout=60,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "DATA_DIR": "data"},
    )
    assert (done.stdout.strip() in ("0", "141"), done.stderr) == (True, "")


def test_help_names_the_commands(tmp_path: Path, commands: Commands) -> None:
    # As a shell starts it: nothing is imported yet.
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "web.cli", "--help"],
        check=False,
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
        text=True,
        capture_output=True,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "audit" in done.stdout
    assert "question" in done.stdout
    assert "verify" in Deployment(tmp_path, "", commands).handraise("audit", "--help")[1]


def test_deliveries_that_were_given_up_are_listed_and_tried_again(
    deployment: Deployment,
) -> None:
    assert deployment.handraise("surfaces", "failed") == (0, "Nothing was given up.\n", "")
    deployment.execute(
        "INSERT INTO surfaces (id, request_id, person_id, channel, address, lane, priority,"
        " wanted_version, shown_version, seen_version, claim_number, attempts, position, state,"
        " failures, last_error) SELECT 'gone', request_id, person_id, 'email', 'b@example.org',"
        " 'email', 5, 1, 0, 0, 0, 10, 1, 'dead', 10, 'bounced' FROM recipients"
    )
    code, listed, _ = deployment.handraise("surfaces", "failed")
    assert code == 0
    assert listed.startswith("gone  ")
    assert "bounced" in listed
    code, _, err = deployment.handraise("surfaces", "redrive", "nothing")
    assert (code, err) == (1, "There is no such delivery.\n")
