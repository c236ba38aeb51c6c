"""The secret key: real in production, made once in development, and shown nowhere."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.secret_key import is_placeholder, kept_secret, production_fault
from tests.unit.settings_cases import EXAMPLE, ROOT, bare_environment, faults_of, load

__all__ = ["bare_environment", "load"]

GOOD_SECRET = "0123456789abcdef" * 3
PRODUCTION = {
    "DEBUG": "false",
    "SECRET_KEY": GOOD_SECRET,
    "PUBLIC_URL": "https://bot.example.org",
}


# --- the secret -------------------------------------------------------------------------------


def test_production_runs_with_a_real_secret(load) -> None:
    settings = load(**PRODUCTION)
    assert settings.secret_key.get_secret_value() == GOOD_SECRET
    assert not Path("data").exists()


@pytest.mark.parametrize(
    "secret",
    [
        "",
        "change-me",
        "0123456789abcdef" * 2 + "-changeme",
        "short but random 83hf",
        "a" * 64,
        "abab" * 16,
        "change-me-to-what-openssl-rand-hex-32-prints",
    ],
)
def test_production_refuses_a_weak_secret_in_one_sentence(load, secret: str) -> None:
    (fault,) = faults_of(load, **{**PRODUCTION, "SECRET_KEY": secret})
    assert fault.startswith("SECRET_KEY ")
    assert "openssl rand -hex 32" in fault
    assert not secret or secret not in fault


def test_the_example_secret_is_a_placeholder() -> None:
    (line,) = [row for row in EXAMPLE.read_text().splitlines() if row.startswith("SECRET_KEY=")]
    secret = line.partition("=")[2]
    assert is_placeholder(secret)
    assert production_fault(secret)


def test_development_makes_one_secret_and_keeps_it(load, tmp_path: Path) -> None:
    first = load(DATA_DIR=str(tmp_path / "kept")).secret_key
    file = tmp_path / "kept" / "secret.key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert len(first.get_secret_value()) >= 32
    assert load().secret_key == first
    assert load(SECRET_KEY="change-me").secret_key == first
    assert load(SECRET_KEY=GOOD_SECRET).secret_key == SecretStr(GOOD_SECRET)
    assert [path.name for path in file.parent.iterdir()] == ["secret.key"]


def test_processes_that_race_get_the_same_secret(tmp_path: Path) -> None:
    program = (
        "import sys, pathlib\nfrom bot.secret_key import kept_secret\n"
        "sys.stdin.readline()\nprint(kept_secret(pathlib.Path(sys.argv[1])))"
    )
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", program, str(tmp_path / "raced")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        for _ in range(4)
    ]
    for racer in racers:
        assert racer.stdin is not None
        racer.stdin.write("go\n")
        racer.stdin.flush()
    secrets = {racer.communicate(timeout=30)[0].strip() for racer in racers}
    assert len(secrets) == 1
    assert len(secrets.pop()) >= 32


def test_who_loses_the_race_reads_the_winners_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = os.link

    def lose(source: Path, target: Path) -> None:
        Path(target).write_text(GOOD_SECRET)
        link(source, target)

    monkeypatch.setattr(os, "link", lose)
    assert kept_secret(tmp_path) == GOOD_SECRET
    assert [path.name for path in tmp_path.iterdir()] == ["secret.key"]


def test_a_damaged_secret_file_is_a_sentence(load, tmp_path: Path) -> None:
    (tmp_path / "secret.key").write_text("half")
    (fault,) = faults_of(load, DATA_DIR=str(tmp_path))
    assert "damaged" in fault
    assert "SECRET_KEY" in fault
    assert "half" not in fault


def test_nothing_secret_is_printed(load) -> None:
    settings = load(
        SECRET_KEY=GOOD_SECRET,
        DATABASE_URL="postgresql://u:hush@host/db",
        MODEL_PROVIDER="openai",
        MODEL_NAME="m",
        MODEL_API_KEY="sk-very-secret",
    )
    for text in (repr(settings), str(settings)):
        assert GOOD_SECRET not in text
        assert "hush" not in text
        assert "sk-very-secret" not in text
