"""Settings: defaults, ranges, and rules between settings."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.secret_key import SecretFileError, kept_secret
from bot.settings import Settings, SettingsError, variable_names
from tests.unit.settings_cases import EXAMPLE, bare_environment, faults_of, load

__all__ = ["bare_environment", "load"]


def test_hosts_of_actions_are_listed_one_by_one(load) -> None:
    assert load().action_hosts == ()
    hosts = "api.example.org, internal!http://10.0.0.5:8080,keyed!pay.example.org:8443"
    assert load(ACTION_HOSTS=hosts).action_hosts == (
        "api.example.org",
        "internal!http://10.0.0.5:8080",
        "keyed!pay.example.org:8443",
    )


@pytest.mark.parametrize(
    "hosts", ["*.example.org", "a.example.org/path", "ftp://a.example.org", "user@a.example.org"]
)
def test_hosts_that_are_none_are_refused(load, hosts: str) -> None:
    [fault] = faults_of(load, ACTION_HOSTS=hosts)
    assert fault.startswith("ACTION_HOSTS must list hosts, such as api.example.org")


def test_defaults_run_the_product(load) -> None:
    settings = load()
    assert (settings.debug, settings.host, settings.port) == (True, "127.0.0.1", 8000)
    assert settings.public_url == "http://127.0.0.1:8000"
    assert settings.database_url == "sqlite:///data/handraise.db"
    assert settings.sqlite_path == Path("data/handraise.db")
    assert (settings.access_token_minutes, settings.refresh_token_days) == (25, 7)
    limits = (
        settings.rate_limit_per_user,
        settings.rate_limit_per_session,
        settings.rate_limit_per_person_channel,
    )
    assert limits == (30, 10, 20)
    assert settings.max_concurrent_sessions == 3
    assert (settings.session_timeout_hours, settings.feedback_timeout_hours) == (24, 48)
    assert settings.channel_order == ("chat", "slack", "email")
    assert settings.model_provider == "none"
    assert settings.model_structured_output is True


def test_every_setting_stands_in_the_example() -> None:
    lines = EXAMPLE.read_text(encoding="utf-8").splitlines()
    documented = [line.partition("=")[0] for line in lines if re.match(r"[A-Z_]+=", line)]
    assert sorted(documented) == sorted(variable_names().values())


def test_the_example_is_the_defaults(load) -> None:
    assert Settings.load(env_file=EXAMPLE) == load()


def test_an_env_file_is_read_and_the_environment_goes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".env").write_text("PORT=9001\nLOG_LEVEL=warning\nUNRELATED=1\n")
    monkeypatch.setenv("PORT", "9002")
    settings = Settings.load()
    assert (settings.port, settings.log_level) == (9002, "WARNING")
    assert settings.public_url == "http://127.0.0.1:9002"


def test_given_values_go_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "9002")
    assert Settings.load(env_file=None, port=9003, model_structured_output=False).port == 9003


def test_empty_counts_as_unset(load) -> None:
    settings = load(PORT="", SECRET_KEY="", DATABASE_URL="", CORS_ORIGINS="", MODEL_NAME="")
    assert (settings.port, settings.cors_origins) == (8000, ())


def test_settings_do_not_change(load) -> None:
    with pytest.raises(ValueError, match="frozen"):
        load().port = 1


@pytest.mark.parametrize(
    ("variable", "value", "wanted"),
    [
        ("PORT", "http", "a whole number from 1 to 65535"),
        ("PORT", "0", "a whole number from 1 to 65535"),
        ("PORT", "65536", "a whole number from 1 to 65535"),
        ("PORT", "80.5", "a whole number from 1 to 65535"),
        ("DEBUG", "release", "true or false"),
        ("HOST", "http://localhost", "a host name or an IP address"),
        ("PUBLIC_URL", "bot.example.org", "an http:// or https:// address"),
        ("PUBLIC_URL", "ftp://bot.example.org", "an http:// or https:// address"),
        ("PUBLIC_URL", "https://u:pw@bot.example.org", "an http:// or https:// address"),
        ("PUBLIC_URL", "https://bot.example.org:99999", "an http:// or https:// address"),
        ("PUBLIC_URL", "https://[::1", "an http:// or https:// address"),
        ("DATABASE_URL", "mysql://u:pw@host/db", "sqlite:///path"),
        ("DATABASE_URL", "handraise.db", "sqlite:///path"),
        ("DATABASE_URL", "sqlite://", "sqlite:///path"),
        ("DATABASE_URL", "sqlite:///", "sqlite:///path"),
        ("DATABASE_URL", "sqlite:///:memory:", "sqlite:///path"),
        ("DATABASE_URL", "postgresql+asyncpg://host/db", "sqlite:///path"),
        ("DATABASE_URL", "postgresql://", "sqlite:///path"),
        ("CORS_ORIGINS", "*", "`*` is not accepted"),
        ("CORS_ORIGINS", "https://a.example.org,nonsense", "an http:// or https:// address"),
        ("CORS_ORIGINS", "https://a.example.org/app", "no path"),
        ("ACCESS_TOKEN_MINUTES", "0", "a whole number from 1 to 1440"),
        ("REFRESH_TOKEN_DAYS", "366", "a whole number from 1 to 365"),
        ("RATE_LIMIT_PER_USER", "0", "a whole number from 1 to 100000"),
        ("RATE_LIMIT_PER_SESSION", "-1", "a whole number from 1 to 100000"),
        ("RATE_LIMIT_PER_PERSON_CHANNEL", "many", "a whole number from 1 to 100000"),
        ("MAX_CONCURRENT_SESSIONS", "0", "a whole number from 1 to 1000"),
        ("SESSION_TIMEOUT_HOURS", "0", "a whole number from 1 to 8760"),
        ("FEEDBACK_TIMEOUT_HOURS", "two days", "a whole number from 1 to 8760"),
        ("SWEEP_SECONDS", "0", "a number from 0.1 to 60"),
        ("SWEEP_SECONDS", "nan", "a number from 0.1 to 60"),
        ("CHANNEL_ORDER", "chat,fax", "some of chat, slack, email"),
        ("CHANNEL_ORDER", "chat,chat", "each once"),
        ("CHANNEL_ORDER", ",", "some of chat, slack, email"),
        ("LOG_LEVEL", "loud", "one of DEBUG, INFO, WARNING, ERROR"),
        ("LOG_FORMAT", "xml", "one of auto, pretty, json"),
        ("TURN_LEASE_SECONDS", "0", "a whole number from 1 to 3600"),
        ("WORKER_TURNS", "0", "a whole number from 1 to 1024"),
        ("MODEL_PROVIDER", "skynet", "one of none, openai, anthropic, google, openai-compatible"),
        ("MODEL_BASE_URL", "localhost:11434", "an http:// or https:// address"),
        ("MODEL_TIMEOUT_SECONDS", "0", "a number from 1 to 600"),
        ("MODEL_RETRIES", "11", "a whole number from 0 to 10"),
        ("MODEL_JSON_SCHEMA", "perhaps", "true or false"),
        ("MODEL_FALLBACK_PROVIDER", "openai", "set MODEL_PROVIDER too"),
    ],
)
def test_a_wrong_value_names_its_variable_and_what_to_set(
    load, variable: str, value: str, wanted: str
) -> None:
    faults = faults_of(load, **{variable: value})
    mine = [fault for fault in faults if fault.startswith(f"{variable} ")]
    assert len(mine) == 1
    assert wanted in mine[0]
    assert mine[0].endswith((".", ")."))
    assert "pw" not in mine[0]


def test_all_faults_are_reported_at_once(load, tmp_path: Path) -> None:
    faults = faults_of(
        load,
        DEBUG="false",
        PORT="x",
        DATABASE_URL="mysql://u:hush@host/db",
        MODEL_PROVIDER="openai",
        LOG_LEVEL="loud",
        DATA_DIR=str(tmp_path / "untouched"),
    )
    named = {fault.split()[0] for fault in faults}
    assert named == {
        "SECRET_KEY",
        "PORT",
        "PUBLIC_URL",
        "DATABASE_URL",
        "MODEL_NAME",
        "MODEL_API_KEY",
        "LOG_LEVEL",
    }
    assert "hush" not in "".join(faults)
    assert not (tmp_path / "untouched").exists()


@pytest.mark.parametrize(
    ("environment", "missing"),
    [
        ({"MODEL_PROVIDER": "openai"}, {"MODEL_NAME", "MODEL_API_KEY"}),
        ({"MODEL_PROVIDER": "anthropic", "MODEL_NAME": "m"}, {"MODEL_API_KEY"}),
        ({"MODEL_PROVIDER": "google", "MODEL_API_KEY": "k"}, {"MODEL_NAME"}),
        ({"MODEL_PROVIDER": "openai-compatible"}, {"MODEL_NAME", "MODEL_BASE_URL"}),
        (
            {
                "MODEL_PROVIDER": "openai-compatible",
                "MODEL_NAME": "m",
                "MODEL_BASE_URL": "http://127.0.0.1:11434/v1",
                "MODEL_FALLBACK_PROVIDER": "anthropic",
            },
            {"MODEL_FALLBACK_NAME", "MODEL_FALLBACK_API_KEY"},
        ),
    ],
)
def test_a_provider_says_what_it_needs(
    load, environment: dict[str, str], missing: set[str]
) -> None:
    faults = faults_of(load, **environment)
    assert {fault.split()[0] for fault in faults} == missing
    assert all("PROVIDER=" in fault for fault in faults)


def test_a_local_model_needs_no_key(load) -> None:
    settings = load(
        MODEL_PROVIDER="OpenAI-compatible",
        MODEL_NAME="tiny",
        MODEL_BASE_URL="http://127.0.0.1:11434/v1/",
    )
    assert settings.model_base_url == "http://127.0.0.1:11434/v1"


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ("sqlite:///some/file.db", "sqlite:///some/file.db"),
        ("sqlite:////var/lib/file.db", "sqlite:////var/lib/file.db"),
        ("postgresql://u:p@host/db", "postgresql://u:p@host/db"),
        ("postgres://u:p@host/db", "postgresql://u:p@host/db"),
        ("postgresql:///db?host=/run/pg", "postgresql:///db?host=/run/pg"),
    ],
)
def test_databases(load, given: str, stored: str) -> None:
    settings = load(DATABASE_URL=given)
    assert settings.database_url == stored
    assert (settings.sqlite_path is None) == stored.startswith("postgresql")


def test_the_database_lives_in_the_data_directory(load, tmp_path: Path) -> None:
    settings = load(DATA_DIR=str(tmp_path / "kept"))
    assert settings.sqlite_path == tmp_path / "kept" / "handraise.db"


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("0.0.0.0", "http://127.0.0.1:8000"),
        ("::", "http://[::1]:8000"),
        ("::1", "http://[::1]:8000"),
        ("localhost", "http://localhost:8000"),
    ],
)
def test_the_public_address_is_one_that_can_be_opened(load, host: str, url: str) -> None:
    assert load(HOST=host).public_url == url


def test_lists_are_split_at_commas(load) -> None:
    settings = load(
        CORS_ORIGINS="https://a.example.org/, http://localhost:3000", CHANNEL_ORDER=" email , chat"
    )
    assert settings.cors_origins == ("https://a.example.org", "http://localhost:3000")
    assert settings.channel_order == ("email", "chat")


def test_a_data_directory_that_is_a_file_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("in the way")
    with pytest.raises(SecretFileError, match="make DATA_DIR writable or set SECRET_KEY"):
        kept_secret(tmp_path / "data")


def test_an_env_file_in_another_encoding_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes("HOST=\xe4".encode("latin-1"))
    with pytest.raises(SettingsError, match="UTF-8"):
        Settings.load()
