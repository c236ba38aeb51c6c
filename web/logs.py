"""Structured logs: one pipeline for structlog and the standard library, with secrets masked."""

from __future__ import annotations

import logging
import os
import re
import sys
from collections.abc import Mapping, MutableMapping
from typing import Literal, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

LogFormat = Literal["auto", "pretty", "json"]

MASK = "***"
_DEPTH = 6
_LONGEST = 8_192
_OURS = ("bot", "web")
_MULTILINE = frozenset({"exception", "stack"})

_SECRET_KEY = re.compile(
    r"(?:^|_)(?:password|passwd|token|secret|code|authorization|cookie|api_key|signature)"
    r"(?:$|_)",
    re.IGNORECASE,
)
_PLAIN_KEYS = frozenset({"status_code", "error_code", "close_code", "exit_code", "token_type"})

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_CONTROL_IN_TRACE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]+")

_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    # Three base64url parts whose first is a JSON object (RFC 7515, 3.1); the last may be empty.
    (re.compile(r"(?<![\w-])eyJ[\w-]{4,}\.[\w-]*\.[\w-]*"), MASK),
    (re.compile(r"\b(bearer|basic)\s+[\w.~+/=-]{6,}", re.IGNORECASE), rf"\1 {MASK}"),
    (re.compile(r"\b(?:sk|xox[a-z]|xapp|whsec|ghp)[-_][\w-]{8,}"), MASK),
    # The token of a link page; no route is so long.
    (re.compile(r"(/f/)[^\s/?#\"'<>]{8,}"), rf"\1{MASK}"),
    # Credentials in an address, and in a query or a form.
    (re.compile(r"(://[^\s/:@]*):[^\s/@]+@"), rf"\1:{MASK}@"),
    (
        re.compile(
            r"\b(?!(?:status|error|close|exit)_code)((?:\w+_)?(?:password|token|secret|code|api_key|signature))(=|%3D)[^\s&;,'\")]+",
            re.IGNORECASE,
        ),
        rf"\1\2{MASK}",
    ),
    (
        re.compile(
            r"(?<![\w.+%-])([\w%+])[\w.+%-]{0,63}@((?:[\w-]{1,63}\.)+[a-z]{2,63})\b", re.IGNORECASE
        ),
        r"\1…@\2",
    ),
)


class Disclosed(str):
    """Text that is logged as it is, on purpose: the verification code in development."""

    __slots__ = ()


def configure_logging(
    level: str = "INFO", log_format: LogFormat = "auto", stream: TextIO | None = None
) -> None:
    """Send every log record to `stream` (standard error); calling it again replaces the set-up.

    `bot` and `web` log from `level` on, other packages from WARNING on.
    """
    stream = stream or sys.stderr
    pretty = log_format == "pretty" or (log_format == "auto" and stream.isatty())
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.PositionalArgumentsFormatter(),
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            # Whatever its origin, each record passes `redact` last, right before it is rendered.
            foreign_pre_chain=[structlog.stdlib.ExtraAdder(), *shared],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                redact,
                _renderer(pretty=pretty, colors=pretty and stream.isatty()),
            ],
        )
    )
    root = logging.getLogger()
    for old in root.handlers[:]:
        if isinstance(old.formatter, structlog.stdlib.ProcessorFormatter):
            root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(max(logging.WARNING, logging.getLevelNamesMapping()[level]))
    for name in _OURS:
        logging.getLogger(name).setLevel(level)
    # One line for a request is written by the web layer, without its query.
    logging.getLogger("aiohttp.access").disabled = True


def quiet_baml() -> None:
    """Keep BAML from printing prompts; call it before `baml_py` is imported anywhere."""
    os.environ.setdefault("BAML_LOG", "off")


def redact(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Mask secrets, shorten e-mail addresses and drop control characters, in every value."""
    return {key: _clean(key, value, _DEPTH) for key, value in event.items()}


def clean_text(text: str) -> str:
    """Return `text` without what looks like a credential or a whole e-mail address."""
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    return text


def _clean(key: str, value: object, depth: int) -> object:
    if isinstance(value, Disclosed):
        return _CONTROL.sub(" ", value)
    if _SECRET_KEY.search(key) and key.lower() not in _PLAIN_KEYS:
        return MASK if value else value
    if value is None or isinstance(value, bool | int | float):
        return value
    if depth and isinstance(value, Mapping):
        return {str(inner): _clean(str(inner), item, depth - 1) for inner, item in value.items()}
    if depth and isinstance(value, list | tuple | set | frozenset):
        return [_clean("", item, depth - 1) for item in value]
    text = str(value)
    if len(text) > _LONGEST:  # the end of a traceback says more than its start
        text = f"{text[: _LONGEST // 4]} … {text[-_LONGEST * 3 // 4 :]}"
    control = _CONTROL_IN_TRACE if key in _MULTILINE else _CONTROL
    return control.sub(" ", clean_text(text))


def _renderer(*, pretty: bool, colors: bool) -> Processor:
    if not pretty:
        return structlog.processors.JSONRenderer(ensure_ascii=False, sort_keys=False)
    # Plain tracebacks: the rich ones print local variables, among them secrets.
    console = structlog.dev.ConsoleRenderer(
        colors=colors, exception_formatter=structlog.dev.plain_traceback
    )

    def render(logger: WrappedLogger, method: str, event: MutableMapping[str, object]) -> str:
        return console(logger, method, dict(event))

    return render
