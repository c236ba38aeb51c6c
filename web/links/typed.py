"""What somebody put into a link page's form: read from the body, kept for showing it again."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from aiohttp import web

from bot.domain.commands import Actor, AnswerRequest, Command, CommentOn, Delegate
from bot.domain.errors import Invalid, TooLarge
from bot.domain.feedback import FeedbackRequest, Kind
from web.api.faults import Malformed, TooSlow, WrongContentType

MAX_BODY = 64 * 1024
"""Bytes of a form, in its encoding."""

_MAX_PARTS = 128
_READ_SECONDS = 30.0
_MAX_NAME = 254
_ANSWERS = frozenset({"approve", "reject", "answer", "words"})
_ACTS = _ANSWERS | {"comment", "changes", "delegate"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Typed:
    """One form as it came, or what a link in the mail has chosen beforehand."""

    act: str = ""
    nonce: str = ""
    digest: str = ""
    change: bool = False
    """Whether it came from the form that changes an earlier answer."""
    note: str = ""
    text: str = ""
    words: str = ""
    to: str = ""
    choices: tuple[str, ...] = ()
    """Numbers of options, from 0: their texts could change on the way through a browser."""
    fields: Mapping[str, str] = field(default_factory=dict)
    """What was filled in, by the number of the form's field, from 0."""

    @property
    def answers(self) -> bool:
        """Tell whether it is to decide, and not only a remark."""
        return self.act in _ANSWERS

    def command(self, request: FeedbackRequest, actor: Actor, key: str) -> Command:
        """Return what the pressed button asks for; `Invalid` for one that this page has not."""
        if self.act in ("comment", "changes"):
            changes = self.act == "changes"
            return CommentOn(
                external_key=key,
                actor=actor,
                request_id=request.id,
                text=self.words,
                changes=changes,
            )
        if self.act == "delegate":
            return Delegate(external_key=key, actor=actor, request_id=request.id, to=self._whom())
        if self.act not in _ACTS:
            raise Invalid("Press one of the buttons.", code="no_button")
        is_verdict = self.act in ("approve", "reject")
        text = self.text if request.kind is Kind.INPUT else self.note
        return AnswerRequest(
            external_key=key,
            actor=actor,
            request_id=request.id,
            digest=self.digest,
            approved=self.act == "approve" if is_verdict else None,
            choices=self._chosen(request) if self.act == "answer" else (),
            values=self._filled(request) if self.act == "answer" else None,
            text=self.words if self.act == "words" else text,
        )

    def _whom(self) -> str:
        if len(self.to) > _MAX_NAME:
            raise Invalid(f"A name has at most {_MAX_NAME} characters.", code="unknown_person")
        return self.to

    def _chosen(self, request: FeedbackRequest) -> tuple[str, ...]:
        if request.kind is not Kind.CHOICE:
            return ()
        known = {str(number): option for number, option in enumerate(request.options)}
        found = tuple(known[number] for number in self.choices if number in known)
        if not found or len(found) != len(self.choices):
            raise Invalid("Choose one of the options first.", code="empty")
        return found

    def _filled(self, request: FeedbackRequest) -> tuple[tuple[str, str], ...] | None:
        if request.kind is not Kind.FORM:
            return None
        values = (
            (each.name, self.fields.get(str(number), ""))
            for number, each in enumerate(request.fields)
        )
        return tuple((name, value) for name, value in values if value.strip())


def preselected(choose: str, request: FeedbackRequest) -> Typed:
    """Return what a button in the mail has chosen: a word or an option's number, from 1.

    It fills in the form and decides nothing.
    """
    if choose.isascii() and choose.isdigit() and len(choose) < 4:
        number = int(choose) - 1
        if request.kind is Kind.CHOICE and 0 <= number < len(request.options):
            return Typed(act="answer", choices=(str(number),))
        return Typed()
    verdict = choose in ("approve", "reject") and request.kind is Kind.APPROVAL
    return Typed(act=choose) if verdict or choose in ("words", "changes", "delegate") else Typed()


async def read_typed(request: web.Request) -> Typed:
    """Return the form in a request's body; a subclass of `Invalid` where it is none."""
    if request.content_type != "application/x-www-form-urlencoded":
        raise WrongContentType("This page reads only its own form.")
    pairs = _pairs(await _read(request))
    one = dict(pairs)
    return Typed(
        act=one.get("act", ""),
        nonce=one.get("nonce", ""),
        digest=one.get("digest", ""),
        change=one.get("change") == "yes",
        note=one.get("note", ""),
        text=one.get("text", ""),
        words=one.get("words", ""),
        to=one.get("to", ""),
        choices=tuple(value for name, value in pairs if name == "choice"),
        fields={name[6:]: value for name, value in pairs if name.startswith("field-")},
    )


async def _read(request: web.Request) -> bytes:
    too_large = TooLarge(
        "That is more than this page takes (64 KiB). Go back, where your words still are, and "
        "shorten them."
    )
    if (request.content_length or 0) > MAX_BODY:
        raise too_large
    try:
        async with asyncio.timeout(_READ_SECONDS):
            body = await request.read()
    except TimeoutError:
        raise TooSlow("Your answer did not come through in time. Send it again.") from None
    except web.HTTPRequestEntityTooLarge:
        raise too_large from None
    if len(body) > MAX_BODY:
        raise too_large
    return body


def _pairs(body: bytes) -> Sequence[tuple[str, str]]:
    try:
        pairs = parse_qsl(
            body.decode(), keep_blank_values=True, errors="strict", max_num_fields=_MAX_PARTS
        )
    except ValueError:  # not UTF-8, or too many parts
        pairs = [("\x00", "")]
    if any("\x00" in part for pair in pairs for part in pair):
        raise Malformed("Your answer could not be read. Go back and send it again.")
    return pairs
