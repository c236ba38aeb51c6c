"""An environment that is ours alone, and settings read from it."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.settings import Settings, SettingsError, variable_names

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / ".env.example"


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for variable in variable_names().values():
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch):
    def loaded(**environment: str) -> Settings:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        return Settings.load(env_file=None)

    return loaded


def faults_of(load, **environment: str) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as caught:
        load(**environment)
    assert all(fault in str(caught.value) for fault in caught.value.faults)
    return caught.value.faults
