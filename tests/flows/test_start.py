"""The process: it starts, tells where it is or why not, and stops when it is told to."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


def start(tmp_path: Path, port: int, **more: str) -> subprocess.Popen[str]:
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "LANG", "HOME")}
    variables = kept | {
        "PYTHONPATH": str(ROOT),
        "PORT": str(port),
        "DATA_DIR": str(tmp_path / "data"),
        **more,
    }
    return subprocess.Popen(
        [sys.executable, "-m", "web"],
        cwd=tmp_path,
        env=variables,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number: int = probe.getsockname()[1]
        return number


def test_development_prints_the_code_that_verifies(tmp_path: Path, port: int) -> None:
    process = start(tmp_path, port, LOG_FORMAT="json")
    assert process.stdout is not None
    try:
        process.stdout.readline()
        body = {"email": "ana@example.org", "username": "ana", "password": "password123"}
        asked = urllib.request.Request(
            f"http://127.0.0.1:{port}/api/auth/register",
            data=json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(asked) as answer:
            tokens = json.load(answer)
    finally:
        process.send_signal(signal.SIGTERM)
        _, words = process.communicate(timeout=30)
    lines = [json.loads(line) for line in words.splitlines()]
    (told,) = [line for line in lines if line["event"] == "verification_code"]
    assert told["account"] == "ana"
    assert re.fullmatch(r"\d{8}", told["code"])
    for secret in ("password123", "ana@example.org", *tokens.values()):
        if isinstance(secret, str) and secret != "bearer":
            assert secret not in words


def test_the_log_has_ids_and_no_words(tmp_path: Path, port: int) -> None:
    process = start(tmp_path, port, LOG_FORMAT="json")
    assert process.stdout is not None

    def call(path: str, body: object, token: str = "") -> Any:
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
        asked = urllib.request.Request(
            f"http://127.0.0.1:{port}{path}", json.dumps(body).encode(), headers
        )
        with urllib.request.urlopen(asked) as answer:
            return json.load(answer)

    try:
        process.stdout.readline()
        body = {"email": "ana@example.org", "username": "ana", "password": "password123"}
        token = call("/api/auth/register", body)["access_token"]
        session_id = call("/api/sessions", {}, token)["session"]["id"]
        call(f"/api/sessions/{session_id}/messages", {"text": "the plum is ripe"}, token)
        with pytest.raises(urllib.error.HTTPError):
            call("/api/sessions/no-id-but-words/messages", {"text": "plum"}, token)
    finally:
        process.send_signal(signal.SIGTERM)
        _, words = process.communicate(timeout=30)
    lines = [json.loads(line) for line in words.splitlines()]
    about = [line["event"] for line in lines if line.get("session_id") == session_id]
    assert sorted(about) == ["request", "turn"]
    assert all(line["request_id"] for line in lines if line["event"] == "request")
    for secret in ("plum", "words", "ana@example.org", token):
        assert secret not in words


def test_it_serves_and_stops(tmp_path: Path, port: int) -> None:
    process = start(tmp_path, port)
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == f"Handraise is at http://127.0.0.1:{port}\n"
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/ready") as answer:
            assert answer.status == 200
        # A second server on the same file, on another port, gets a sentence.
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            other = probe.getsockname()[1]
        second = start(tmp_path, other)
        _, words = second.communicate(timeout=30)
        assert second.returncode == 1
        assert "Another Handraise server" in words
        assert "Traceback" not in words
    finally:
        process.send_signal(signal.SIGTERM)
        _, words = process.communicate(timeout=30)
    assert process.returncode == 0
    assert "Traceback" not in words


def test_a_port_in_use_is_told_in_one_sentence(tmp_path: Path, port: int) -> None:
    with socket.create_server(("127.0.0.1", port)):
        process = start(tmp_path, port)
        _, words = process.communicate(timeout=30)
    assert process.returncode == 1
    assert f"already listening on 127.0.0.1:{port}" in words
    assert "Traceback" not in words


def test_wrong_settings_are_told_all_at_once(tmp_path: Path, port: int) -> None:
    process = start(tmp_path, port, DEBUG="false", LOG_LEVEL="loud")
    _, words = process.communicate(timeout=30)
    assert process.returncode == 2
    assert "SECRET_KEY" in words
    assert "LOG_LEVEL" in words
    assert "Traceback" not in words


def test_nothing_of_google_slack_or_a_model_is_imported(tmp_path: Path) -> None:
    code = (
        "import sys; from bot.settings import Settings; from web.app import build_app; "
        "build_app(Settings.load(env_file=None)); "
        "print([n for n in sys.modules if n.split('.')[0] in "
        "('google', 'googleapiclient', 'slack_sdk', 'slack_bolt', 'baml_py', 'offapi')])"
    )
    variables = {"PYTHONPATH": str(ROOT), "DATA_DIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=variables, check=True
    )
    assert done.stdout.strip() == "[]"
