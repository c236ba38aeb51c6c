"""The front door: the page, its files, the reference, and the headers around them."""

from __future__ import annotations

import gzip
import re
import shutil
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

import web as package
from bot.settings import Settings
from tests.flows.conftest import Client
from web import served
from web.app import build_app
from web.assets import read_assets
from web.joining import CannotJoin

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
PAGES = Path(package.__file__).parent / "pages"
FILES = sorted(path.relative_to(PAGES).as_posix() for path in PAGES.rglob("*") if path.is_file())
TYPES = {
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".html": "text/html",
}


async def test_a_browser_gets_the_page_and_others_get_json(client: Client) -> None:
    async with client.get("/", headers={"Accept": BROWSER}) as answer:
        assert answer.content_type == "text/html"
        assert "Accept" in answer.headers["Vary"]
    for accept in ("*/*", "application/json", "text/html;q=0.1, application/json", ""):
        async with client.get("/", headers={"Accept": accept}) as answer:
            assert await answer.json() == {"name": "Handraise", "version": package.__version__}


async def test_the_page_s_policy(client: Client) -> None:
    headers = {"Accept": BROWSER, "Host": "handraise.example.org:8443"}
    async with client.get("/", headers=headers) as answer:
        policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "ws://handraise.example.org:8443" in policy
    assert "unsafe" not in policy
    headers["Host"] = "x; script-src *"
    async with client.get("/", headers=headers) as answer:
        assert "script-src *" not in answer.headers["Content-Security-Policy"]


async def test_its_files(client: Client) -> None:
    for name in FILES:
        async with client.get(f"/static/{name}") as answer:
            assert answer.status == 200
            assert answer.content_type == TYPES[Path(name).suffix], name
            assert answer.headers["Cache-Control"] == "no-cache"
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            tag = answer.headers["ETag"]
        async with client.get(f"/static/{name}", headers={"If-None-Match": tag}) as answer:
            assert answer.status == 304


async def test_files_named_by_their_version_are_kept_for_good_and_travel_packed(
    client: Client,
) -> None:
    plain = {"Accept-Encoding": "identity"}
    async with client.get("/", headers={"Accept": BROWSER} | plain) as answer:
        page = await answer.text()
        assert "Content-Encoding" not in answer.headers
    (version,) = set(re.findall(r'"/static/([0-9a-f]{16})/', page))
    assert page.count('rel="stylesheet"') == 1
    main = f"/static/{version}/scripts/main.js"
    async with client.get(main, headers=plain) as answer:
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        script = await answer.read()
    request = client.session.get(
        client.make_url(main), headers={"Accept-Encoding": "gzip"}, auto_decompress=False
    )
    async with request as answer:
        assert answer.headers["Content-Encoding"] == "gzip"
        assert "Accept-Encoding" in answer.headers["Vary"]
        packed = await answer.read()
        assert gzip.decompress(packed) == script
    async with client.get(f"/static/{version}/styles/page.css", headers=plain) as answer:
        sheets = await answer.text()
        assert all(name in sheets for name in ("--paper", ".card", ".log-view", ".profile"))
    # A page from before the last change is answered, but what it gets is not kept for good.
    async with client.get(f"/static/{'0' * 16}/scripts/main.js") as answer:
        assert (answer.status, answer.headers["Cache-Control"]) == (200, "no-cache")
    for none in ("/static/scripts", "/static/../keys.py", f"/static/{version}/../../keys.py"):
        async with client.get(none) as answer:
            assert answer.status == 404, none


def test_every_file_changes_the_version(tmp_path: Path) -> None:
    shutil.copytree(PAGES, tmp_path / "pages")
    before = read_assets(tmp_path / "pages")
    assert read_assets(tmp_path / "pages").version == before.version
    with (tmp_path / "pages/scripts/times.js").open("a") as file:
        file.write("\n")
    assert read_assets(tmp_path / "pages").version != before.version


async def test_all_that_the_first_screen_runs_comes_at_once(client: Client) -> None:
    """Two files beside the page, each complete: what names another would cost a round trip."""
    async with client.get("/", headers={"Accept": BROWSER}) as answer:
        page = await answer.text()
    assert page.count("<script") == 1
    assert page.count('rel="stylesheet"') == 1
    (script,) = re.findall(r'<script type="module" src="([^"]+)"></script>', page)
    async with client.get(script) as answer:
        text = await answer.text()
    assert not re.findall(r"^import ", text, re.MULTILINE)
    assert all(f"\n// {name}.js\n" in text for name in ("dom", "state", "sessions", "main"))
    later = set(re.findall(r'import\("\./([\w-]+)\.js"\)', text))
    assert later == {"admin", "profile", "story"}
    for name in later:
        async with client.get(f"{script.rpartition('/')[0]}/{name}.js") as answer:
            assert set(
                re.findall(r'^import .* from "(.*)";', await answer.text(), re.MULTILINE)
            ) == {"./main.js"}


async def test_modules_that_cannot_be_joined_stop_the_start(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(PAGES, tmp_path / "pages")
    with (tmp_path / "pages/scripts/dom.js").open("a") as file:
        file.write('import { state } from "./main.js";\n')
    monkeypatch.setattr(served, "_PAGES", tmp_path / "pages")
    runner = web.AppRunner(build_app(settings, password_cost=4))
    try:
        with pytest.raises(CannotJoin, match=r"dom\.js imports state from main\.js"):
            await runner.setup()
    finally:
        await runner.cleanup()


async def test_all_that_the_page_names_is_there(client: Client) -> None:
    async with client.get("/", headers={"Accept": BROWSER}) as answer:
        named = re.findall(r'(?:src|href)="(/[^"#]+)"', await answer.text())
    assert len(named) == 3
    for path in named:
        async with client.get(path) as answer:
            assert answer.status == 200, path


@pytest.mark.parametrize("page", ["/docs", "/redoc"])
async def test_the_reference_comes_from_here_alone(client: Client, page: str) -> None:
    async with client.get(page) as answer:
        assert answer.status == 200
        html = await answer.text()
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert "script-src 'self';" in answer.headers["Content-Security-Policy"]
    assert "http://" not in html
    assert "https://" not in html
    assert "<script>" not in html
    loaded = re.findall(r'(?:src|href)="([^"]+)"', html)
    assert "/openapi.json" in loaded
    if page == "/redoc":
        loaded += ["/docs/assets/redoc.js", "/docs/assets/redoc.svg"]
    for path in loaded:
        async with client.get(path) as answer:
            assert answer.status == 200, path
            assert len(await answer.read()) > 20
            if "ETag" in answer.headers and path.startswith("/docs/"):
                known = {"If-None-Match": answer.headers["ETag"]}
                async with client.get(path, headers=known) as again:
                    assert again.status == 304


async def test_metrics_count_requests_by_their_pattern(client: Client) -> None:
    async with client.get("/static/icon.svg"), client.get("/nowhere?token=secret"):
        pass
    async with client.get("/metrics") as answer:
        assert answer.content_type == "text/plain"
        text = await answer.text()
    assert 'http_requests_total{method="GET",route="/static/{path}",status="200"} 1.0' in text
    assert 'http_requests_total{method="GET",route="unmatched",status="404"} 1.0' in text
    assert "secret" not in text


async def test_only_named_origins_may_call_from_elsewhere(settings: Settings) -> None:
    friend = "https://app.example.org"
    settings = settings.model_copy(update={"cors_origins": (friend,)})
    asked = {
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type",
    }
    async with TestClient(TestServer(build_app(settings, password_cost=4))) as client:
        async with client.options("/api/sessions", headers=asked | {"Origin": friend}) as answer:
            assert answer.status == 204
            assert answer.headers["Access-Control-Allow-Origin"] == friend
            allowed = answer.headers["Access-Control-Allow-Headers"].lower()
            assert "authorization" in allowed
            assert "x-handraise-client" not in allowed, "or others could use the cookie"
            assert "Access-Control-Allow-Credentials" not in answer.headers
        async with client.get("/health", headers={"Origin": friend}) as answer:
            assert answer.headers["Access-Control-Allow-Origin"] == friend
            assert "Retry-After" in answer.headers["Access-Control-Expose-Headers"]
        for origin in ("https://evil.example.org", "null", friend + ".evil.org", friend.upper()):
            async with client.options(
                "/api/sessions", headers=asked | {"Origin": origin}
            ) as answer:
                assert answer.status == 405
                assert "Access-Control-Allow-Origin" not in answer.headers
            async with client.get("/health", headers={"Origin": origin}) as answer:
                assert "Access-Control-Allow-Origin" not in answer.headers
                assert "Origin" in answer.headers["Vary"]
