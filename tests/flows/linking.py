"""Link pages as a mail's reader uses them: opened, read, filled in, sent."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

import pytest
from aiohttp import web

from bot.domain.instants import Micros
from bot.service.links import Links, Purpose
from bot.service.ports.store import Transaction
from bot.settings import Settings
from tests.flows.asking import Question
from tests.flows.conftest import Client
from web.keys import CLOCK, STORE, TOKENS

VOID = {"meta", "link", "input", "br", "hr"}
Pairs = list[tuple[str, str]]


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Let an action be asked about."""
    return settings.model_copy(update={"action_hosts": ("shop.example.org",)})


async def link_to(
    app: web.Application,
    question: Question,
    username: str,
    *,
    address: str | None = None,
    purpose: Purpose = Purpose.CLICK,
) -> str:
    """Return the path of a person's own link to a question, as their mail would carry it."""
    links = Links(key=app[TOKENS].keyed("links"))

    def offer(tx: Transaction, now: Micros) -> str:
        person = tx.people.find(username)
        request = tx.requests.get(question["id"])
        assert person is not None
        assert request is not None
        to = address or f"{username}@example.org"
        return links.offer(tx, request, person.id, to, now, purpose)

    return f"/f/{await app[STORE].run(offer, app[CLOCK].now())}"


@dataclass
class Form:
    """A form's fields as a browser without scripts would send them, and its buttons."""

    pairs: Pairs = field(default_factory=list)
    buttons: list[str] = field(default_factory=list)


class Reading(HTMLParser):
    """Reads a page: its forms, its text by test id, its tags; and checks that tags nest."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self._area: str | None = None
        self._text = ""
        self._select: list[str] | None = None
        self.feed(html)
        self.close()
        assert self.open == [], self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        assert len(given) == len(attrs), f"an attribute twice: {tag} {attrs}"
        self.tags.append((tag, given))
        if tag not in VOID:
            self.open.append(tag)
        name, value = given.get("name") or "", given.get("value") or ""
        if tag == "form":
            self.forms.append(Form())
        elif tag == "input" and self.forms:
            is_choice = given.get("type") in ("radio", "checkbox")
            if not is_choice or "checked" in given:
                self.forms[-1].pairs.append((name, value))
        elif tag == "button":
            self.forms[-1].buttons.append(value)
        elif tag == "textarea":
            self._area, self._text = name, ""
        elif tag == "select":
            self._area = name
            self._select = []
        elif tag == "option" and self._select is not None:
            self._select = [value] if "selected" in given else self._select or []

    def handle_endtag(self, tag: str) -> None:
        assert self.open, tag
        assert self.open.pop() == tag, (tag, self.open)
        if tag == "textarea" and self._area is not None:
            self.forms[-1].pairs.append((self._area, self._text.removeprefix("\n")))
            self._area = None
        elif tag == "select" and self._area is not None:
            self.forms[-1].pairs.append((self._area, "".join(self._select or [])))
            self._area = self._select = None

    def handle_data(self, data: str) -> None:
        if self._area is not None:
            self._text += data


@dataclass
class Opened:
    """A page as it came."""

    status: int
    html: str
    headers: Mapping[str, str]

    @property
    def text(self) -> str:
        """Return its words without tags, in one line."""
        bare = re.sub(r"<style.*?</style>|<[^>]+>", " ", self.html)
        return " ".join(bare.replace("&#39;", "'").split())

    def form(self, act: str) -> Form:
        """Return the form with this button."""
        return next(form for form in Reading(self.html).forms if act in form.buttons)

    @property
    def acts(self) -> list[str]:
        """Return the buttons there are."""
        return [act for form in Reading(self.html).forms for act in form.buttons]

    def part(self, name: str) -> str:
        """Return the words in an element with this test id, "" where there is none."""
        found = re.search(
            rf'data-testid="{name}"[^>]*>(.*?)</(?:div|p|ul|section)>', self.html, re.DOTALL
        )
        return " ".join(re.sub(r"<[^>]+>", " ", found[1]).split()) if found else ""


def filled(form: Form, act: str, typed: Mapping[str, str | Sequence[str]]) -> Pairs:
    """Return what is sent once `typed` is put into a form and its button pressed."""
    pairs = [(name, value) for name, value in form.pairs if name not in typed]
    for name, value in typed.items():
        values = [value] if isinstance(value, str) else value
        pairs += [(name, one) for one in values]
    return [*pairs, ("act", act)]


async def opened(client: Client, path: str, **headers: str) -> Opened:
    """Open a page."""
    async with client.get(path, headers=headers) as answer:
        return Opened(answer.status, await answer.text(), answer.headers.copy())


async def sent(client: Client, path: str, pairs: Any, **headers: str) -> Opened:
    """Send a form."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    async with client.post(path, data=pairs, headers=named) as answer:
        return Opened(answer.status, await answer.text(), answer.headers.copy())


async def pressed(
    client: Client, path: str, act: str, page: Opened | None = None, **typed: Any
) -> Opened:
    """Open a page (or use one that is open), fill it in, and press a button."""
    page = page or await opened(client, path)
    named = {name.replace("_", "-"): value for name, value in typed.items()}
    return await sent(client, path, filled(page.form(act), act, named))
