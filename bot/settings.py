"""Settings from the environment and `.env`; the only reader of either, imported by `web` alone."""

from __future__ import annotations

import re
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Annotated, Literal, get_args
from urllib.parse import urlsplit

from annotated_types import Ge, Le
from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic.fields import FieldInfo
from pydantic_settings import NoDecode, SettingsConfigDict

from bot.channel_settings import ChannelSettings
from bot.channels.http.hosts import read_hosts
from bot.secret_key import SecretFileError, is_placeholder, kept_secret, production_fault

ModelProvider = Literal["none", "openai", "anthropic", "google", "openai-compatible"]
Registration = Literal["auto", "open", "domain", "invite", "closed"]
CHANNELS = ("chat", "slack", "email")

_DOMAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}")
_PerMinute = Annotated[int, Field(ge=1, le=100_000)]
_Hours = Annotated[int, Field(ge=1, le=8_760)]
_Days = Annotated[int, Field(ge=0, le=36_500)]
_SecretList = Annotated[tuple[SecretStr, ...], NoDecode]
_CommaList = Annotated[tuple[str, ...], NoDecode]


class SettingsError(Exception):
    """Every wrong setting, one sentence each; the text is for the operator and holds no secret."""

    def __init__(self, faults: list[str]) -> None:
        self.faults = tuple(faults)
        lines = "\n".join(f"  - {fault}" for fault in faults)
        super().__init__(f"Handraise cannot start with these settings:\n{lines}")


class Settings(ChannelSettings):
    """What an operator may choose. A variable that is empty counts as unset.

    Validators read the fields declared above their own, so the order of the fields matters; a
    rule between two fields lives with the later one, and is thus reported together with all the
    other faults.
    """

    model_config = SettingsConfigDict(
        env_file=".env",
        env_file_encoding="utf-8",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
        str_strip_whitespace=True,
        populate_by_name=True,
        validate_default=True,
        protected_namespaces=(),
    )

    debug: bool = True
    data_dir: Path = Path("data")
    secret_key: SecretStr = SecretStr("")
    secret_key_previous: _SecretList = ()
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=1, le=65_535)
    public_url: str = ""
    database_url: str = Field(default="", repr=False)  # may hold a password
    cors_origins: _CommaList = ()

    registration: Registration = "auto"
    registration_domains: _CommaList = ()

    access_token_minutes: int = Field(default=25, ge=1, le=1_440)
    refresh_token_days: int = Field(default=7, ge=1, le=365)

    rate_limit_per_user: _PerMinute = 30
    rate_limit_per_session: _PerMinute = 10
    rate_limit_per_person_channel: _PerMinute = 20
    asks_per_session_day: int = Field(default=100, ge=0, le=100_000)
    asks_per_recipient_day: int = Field(default=60, ge=0, le=100_000)
    trusted_proxies: _CommaList = ()

    max_concurrent_sessions: int = Field(default=3, ge=1, le=1_000)
    session_timeout_hours: _Hours = 24
    feedback_timeout_hours: _Hours = 48
    sweep_seconds: float = Field(default=5, ge=0.1, le=60)
    channel_order: _CommaList = CHANNELS

    retention_sessions_days: _Days = 0
    retention_mail_days: _Days = 30
    retention_journal_days: _Days = 0

    feedback_next_channel_minutes: int = Field(default=15, ge=1, le=1_440)
    self_approval: bool = False
    risk_policy: _CommaList = ()

    action_hosts: _CommaList = ()
    action_max_age_hours: int = Field(default=24, ge=1, le=8_760)

    turn_lease_seconds: int = Field(default=30, ge=1, le=3_600)
    worker_turns: int = Field(default=64, ge=1, le=1_024)

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_format: Literal["auto", "pretty", "json"] = "auto"

    model_provider: ModelProvider = "none"
    model_name: str = ""
    model_api_key: SecretStr = SecretStr("")
    model_base_url: str = ""
    model_timeout_seconds: float = Field(default=60, ge=1, le=600)
    model_retries: int = Field(default=2, ge=0, le=10)
    # Not named after its variable: `model_json_schema` is a method of every pydantic model.
    model_structured_output: bool = Field(default=True, alias="MODEL_JSON_SCHEMA")
    model_fallback_provider: ModelProvider = "none"
    model_fallback_name: str = ""
    model_fallback_api_key: SecretStr = SecretStr("")
    model_fallback_base_url: str = ""

    @classmethod
    def load(cls, *, env_file: Path | None = Path(".env"), **values: object) -> Settings:
        """Return the settings, `values` going before the environment; raises `SettingsError`.

        In development a missing secret is made once and kept in the data directory.
        """
        try:
            settings = cls(_env_file=env_file, **values)  # type: ignore[arg-type]
        except ValidationError as invalid:
            raise SettingsError(_sentences(invalid)) from None
        except (OSError, UnicodeDecodeError):
            fault = f"{env_file} must be a readable file in UTF-8: check its rights and encoding."
            raise SettingsError([fault]) from None
        secret = settings.secret_key.get_secret_value()
        if settings.debug and (not secret or is_placeholder(secret)):
            try:
                secret = kept_secret(settings.data_dir)
            except SecretFileError as error:
                raise SettingsError([str(error)]) from None
            settings = settings.model_copy(update={"secret_key": SecretStr(secret)})
        return settings

    @property
    def sqlite_path(self) -> Path | None:
        """Return the database's file, or None when the database is PostgreSQL."""
        scheme, _, path = self.database_url.partition(":///")
        return Path(path) if scheme == "sqlite" else None

    @field_validator("secret_key")
    @classmethod
    def _strong_in_production(cls, secret: SecretStr, info: ValidationInfo) -> SecretStr:
        fault = production_fault(secret.get_secret_value())
        if info.data.get("debug") is False and fault:
            raise ValueError(fault)
        return secret

    @field_validator("secret_key_previous", mode="before")
    @classmethod
    def _split_secrets(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(SecretStr(part.strip()) for part in value.split(",") if part.strip())
        return value

    @field_validator("host")
    @classmethod
    def _bare_host(cls, host: str) -> str:
        if not host or any(char in host for char in "/ @"):
            raise ValueError("must be a host name or an IP address alone, such as 127.0.0.1.")
        return host

    @field_validator("public_url")
    @classmethod
    def _reachable(cls, url: str, info: ValidationInfo) -> str:
        if url:
            return _http_url(url, "such as https://handraise.example.org.")
        if info.data.get("debug") is False:
            raise ValueError(
                "must be set when DEBUG=false: set it to the address people open, "
                "such as https://handraise.example.org."
            )
        return f"http://{_own_address(info.data.get('host', ''))}:{info.data.get('port', 8000)}"

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, url: str, info: ValidationInfo) -> str:
        if not url:
            return f"sqlite:///{info.data.get('data_dir', Path('data')) / 'handraise.db'}"
        scheme, _, rest = url.partition("://")
        if scheme == "postgres":
            scheme = "postgresql"
        # In memory nothing outlives a restart, which is what this product promises.
        sqlite = scheme == "sqlite" and rest.startswith("/") and rest not in ("/", "/:memory:")
        if sqlite or (scheme == "postgresql" and rest):
            return f"{scheme}://{rest}"
        raise ValueError("must be sqlite:///path/to/file.db or postgresql://user:…@host/database.")

    @field_validator(
        "cors_origins",
        "trusted_proxies",
        "channel_order",
        "action_hosts",
        "risk_policy",
        "registration_domains",
        mode="before",
    )
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("cors_origins")
    @classmethod
    def _origins(cls, origins: tuple[str, ...]) -> tuple[str, ...]:
        hint = "such as https://app.example.org; separate several by commas (`*` is not accepted)."
        urls = tuple(_http_url(origin, hint) for origin in origins)
        if any(urlsplit(url).path for url in urls):
            raise ValueError(f"must name origins, which have no path, {hint}")
        return urls

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, proxies: tuple[str, ...]) -> tuple[str, ...]:
        for each in proxies:
            try:
                ip_network(each)
            except ValueError:
                raise ValueError(
                    "must list addresses or networks of your proxies, such as 10.0.0.0/8, "
                    "127.0.0.1; separate several by commas."
                ) from None
        return proxies

    @field_validator("registration")
    @classmethod
    def _chosen(cls, registration: str, info: ValidationInfo) -> str:
        if registration != "auto":
            return registration
        return "invite" if info.data.get("debug") is False else "open"

    @field_validator("registration_domains")
    @classmethod
    def _domains(cls, domains: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        plain = tuple(domain.lower().removeprefix("@") for domain in domains)
        if not all(_DOMAIN.fullmatch(domain) for domain in plain):
            raise ValueError(
                "must list domains in ASCII, such as example.org, xn--bcher-kva.example."
            )
        if info.data.get("registration") == "domain" and not plain:
            raise ValueError("must be set when REGISTRATION=domain: list your domains.")
        return plain

    @field_validator("channel_order")
    @classmethod
    def _known_channels(cls, order: tuple[str, ...]) -> tuple[str, ...]:
        if not order or len(set(order)) != len(order) or not set(order) <= set(CHANNELS):
            raise ValueError(f"must list some of {', '.join(CHANNELS)}, each once.")
        return order

    @field_validator("risk_policy")
    @classmethod
    def _risks(cls, policy: tuple[str, ...]) -> tuple[str, ...]:
        for entry in policy:
            name, _, risk = entry.partition("=")
            if not name.strip() or risk.strip() not in ("low", "normal", "high"):
                raise ValueError("must list name=risk, such as approval=high, http_request=high.")
        return policy

    @field_validator("action_hosts")
    @classmethod
    def _reachable_hosts(cls, hosts: tuple[str, ...]) -> tuple[str, ...]:
        read_hosts(hosts)
        return hosts

    @field_validator("log_level", mode="before")
    @classmethod
    def _upper(cls, value: object) -> object:
        return value.upper() if isinstance(value, str) else value

    @field_validator(
        "log_format", "model_provider", "model_fallback_provider", "registration", mode="before"
    )
    @classmethod
    def _lower(cls, value: object) -> object:
        return value.lower() if isinstance(value, str) else value

    @field_validator("model_fallback_provider")
    @classmethod
    def _after_a_first(cls, provider: str, info: ValidationInfo) -> str:
        if provider != "none" and info.data.get("model_provider") == "none":
            raise ValueError("needs a first choice: set MODEL_PROVIDER too.")
        return provider

    @field_validator("model_name", "model_fallback_name")
    @classmethod
    def _named(cls, name: str, info: ValidationInfo) -> str:
        variable, provider = _provider_of(info)
        if not name and provider not in ("none", ""):
            raise ValueError(f"must be set when {variable}={provider}: set the model's name.")
        return name

    @field_validator("model_api_key", "model_fallback_api_key")
    @classmethod
    def _with_key(cls, key: SecretStr, info: ValidationInfo) -> SecretStr:
        variable, provider = _provider_of(info)
        if not key.get_secret_value() and provider in ("openai", "anthropic", "google"):
            raise ValueError(f"must be set when {variable}={provider}: set that provider's key.")
        return key

    @field_validator("model_base_url", "model_fallback_base_url")
    @classmethod
    def _with_base(cls, url: str, info: ValidationInfo) -> str:
        hint = "such as http://127.0.0.1:11434/v1."
        variable, provider = _provider_of(info)
        if url:
            return _http_url(url, hint)
        if provider == "openai-compatible":
            raise ValueError(
                f"must be set when {variable}={provider}: set the endpoint's address, {hint}"
            )
        return url


def _provider_of(info: ValidationInfo) -> tuple[str, str]:
    fallback = (info.field_name or "").startswith("model_fallback_")
    field = "model_fallback_provider" if fallback else "model_provider"
    return field.upper(), info.data.get(field, "")


def _http_url(url: str, hint: str) -> str:
    """Return `url` without a trailing slash; ValueError, not showing it, when it is none."""
    try:
        parts = urlsplit(url)
        reachable = bool(parts.hostname) and parts.port != 0  # reading a wrong port raises
    except ValueError:
        reachable, parts = False, urlsplit("")
    more = parts.query or parts.fragment or parts.username or parts.password
    if parts.scheme not in ("http", "https") or not reachable or more:
        raise ValueError(f"must be an http:// or https:// address, {hint}")
    return url.rstrip("/")


def _own_address(host: str) -> str:
    """Return how a browser on this machine reaches a server listening on `host`."""
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if address.is_unspecified:  # 0.0.0.0 and :: listen everywhere, but are no address to open
        return "127.0.0.1" if address.version == 4 else "[::1]"
    return host if address.version == 4 else f"[{host}]"


def _sentences(invalid: ValidationError) -> list[str]:
    """Return one sentence for each wrong setting, naming its environment variable."""
    faults: dict[str, str] = {}
    for error in invalid.errors(include_url=False, include_input=False):
        name = str(error["loc"][0]).lower()
        if error["type"] == "value_error":
            wanted = str(error["ctx"]["error"])
        else:
            wanted = _wanted(_field(name))
        faults.setdefault(name, f"{name.upper()} {wanted}")
    return list(faults.values())


def variable_names() -> dict[str, str]:
    """Return the environment variable of each field of `Settings`."""
    return {name: (field.alias or name).upper() for name, field in Settings.model_fields.items()}


def _field(variable: str) -> FieldInfo | None:
    names = {variable.lower(): name for name, variable in variable_names().items()}
    return Settings.model_fields.get(names.get(variable, variable))


def _wanted(field: FieldInfo | None) -> str:
    """Return what a field of this kind must look like, from its type and range."""
    kind = field.annotation if field else None
    if kind is bool:
        return "must be true or false."
    if field and kind in (int, float):
        low = next((rule.ge for rule in field.metadata if isinstance(rule, Ge)), "")
        high = next((rule.le for rule in field.metadata if isinstance(rule, Le)), "")
        return f"must be a {'whole ' if kind is int else ''}number from {low} to {high}."
    if get_args(kind) and all(isinstance(choice, str) for choice in get_args(kind)):
        return f"must be one of {', '.join(get_args(kind))}."
    return "has a value of the wrong kind: compare .env.example."
