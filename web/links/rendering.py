"""From what is shown to HTML: every value is escaped by the templates, but our own Markdown."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from aiohttp import web
from markupsafe import Markup

from web.headers import policy
from web.keys import CLOCK, SETTINGS, TOKENS
from web.links import exact, wording
from web.links.nonces import new_nonce
from web.links.shown import Shown, Stage
from web.links.typed import Typed
from web.markdown import render as markdown

if TYPE_CHECKING:
    from jinja2 import Environment

_HEADERS = {
    "Content-Security-Policy": policy({"style-src": "'self'", "form-action": "'self'"}),
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
    "X-Frame-Options": "DENY",  # for browsers that do not know frame-ancestors
}


@lru_cache(maxsize=1)
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # not while starting

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(
        exact=exact.rows,
        # The one text that comes as HTML, and made harmless before (web.markdown).
        rich=lambda text: Markup(markdown(text)),  # noqa: S704
        say=wording,
        Stage=Stage,
    )
    return environment


def question_page(
    request: web.Request,
    shown: Shown,
    typed: Typed,
    *,
    status: int = 200,
    notice: str = "",
    sign: str = "",
    faults: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
) -> web.Response:
    """Return the page of a question, with what was typed and what is wrong with it kept in place.

    `sign` says of which sort the notice is: good, warn or bad. `faults` are sentences by the name
    of the control that they belong to.
    """
    now = request.app[CLOCK].now()
    return _page(
        "question.html",
        status,
        headers,
        shown=shown,
        card=shown.card,
        asked=shown.request,
        typed=typed,
        pressed=wording.pressed(typed) if request.method != "POST" else "",
        notice=notice,
        sign=sign or ("good" if status == 200 else "bad"),
        faults=faults or {},
        # A name for each form, so that a comment is another act than the answer beside it.
        nonce=partial(new_nonce, request.app[TOKENS].keyed, shown.link.token_hash, now),
    )


def closed_page(
    request: web.Request,
    status: int,
    title: str,
    sentence: str,
    *,
    headers: Mapping[str, str] | None = None,
) -> web.Response:
    """Return a page that shows no question, only a sentence and the way to one's questions."""
    home = request.app[SETTINGS].public_url
    return _page("closed.html", status, headers, title=title, sentence=sentence, home=home)


def _page(
    template: str, status: int, headers: Mapping[str, str] | None, **values: object
) -> web.Response:
    return web.Response(
        status=status,
        text=_environment().get_template(template).render(values),
        content_type="text/html",
        charset="utf-8",
        headers={**_HEADERS, **(headers or {})},
    )
