"""A new server in production: its administrator by the code of the log, then who is invited."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from aiohttp.test_utils import TestServer
from playwright.async_api import Page, expect

from bot.settings import Settings
from tests.browser.conftest import WORKER_LOOP, Visit, free_port, no_complaints
from web.app import build_app
from web.auth import first

pytestmark = pytest.mark.browser


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The codes that the server's log has shown."""
    codes: list[str] = []

    class Log:
        def warning(self, event: str, *, code: str, hint: str) -> None:
            codes.append(code)

    monkeypatch.setattr(first, "log", Log())
    return codes


@pytest_asyncio.fixture(**WORKER_LOOP)
async def url(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, logged: list[str]
) -> AsyncIterator[str]:
    for name in Settings.model_fields:  # this machine's environment is not the test's
        monkeypatch.delenv(name.upper(), raising=False)
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    settings = Settings.load(
        env_file=None,
        debug=False,
        data_dir=tmp_path,
        secret_key="s" * 8 + "ecret-of-the-tests" * 2,
        public_url=address,
    )
    async with TestServer(build_app(settings, password_cost=4), port=port):
        yield address


async def fill(page: Page, username: str) -> None:
    await page.get_by_test_id("register-email").fill(f"{username}@example.org")
    await page.get_by_test_id("register-username").fill(username)
    await page.get_by_test_id("register-password").fill("password123")


async def test_the_first_administrator_and_somebody_whom_they_invite(
    url: str, logged: list[str], visit_at: Visit
) -> None:
    ana, ben, eve = await visit_at(url), await visit_at(url), await visit_at(url)
    for visitor in (ana, ben, eve):
        visitor.expected.append("403")
    page = ana.page
    code = page.get_by_test_id("register-administrator-code")
    await expect(code).to_be_visible()
    await expect(page.locator("#register-invite")).to_be_hidden()
    await fill(page, "ana")
    await code.fill("AAAAA-AAAAA-AAAAA-AAAAA")
    await page.get_by_test_id("register-submit").click()
    await expect(page.locator("#register .form-error")).to_contain_text("code")
    await code.fill(logged[0].lower())
    await page.get_by_test_id("register-submit").click()
    await expect(page.get_by_test_id("composer")).to_be_visible()
    await expect(page.get_by_test_id("nav-admin")).to_be_visible()

    # Nobody else is offered that code any more: here one joins by invitation.
    await eve.page.reload()
    await expect(eve.page.locator("#register-invite")).to_be_visible()
    await expect(eve.page.get_by_test_id("register-administrator-code")).to_be_hidden()
    await fill(eve.page, "eve")
    await eve.page.get_by_test_id("register-submit").click()
    await expect(eve.page.locator("#register .form-error")).to_contain_text("invitation")

    link = await page.evaluate(
        """async () => {
          const { call } = await import("/static/scripts/api.js");
          return (await call("POST", "/api/admin/invites", {})).url;
        }"""
    )
    assert link.startswith(f"{url}/#/invite/")
    await ben.page.goto(link)
    await ben.page.reload()
    await expect(ben.page.locator("#register-invite")).to_be_hidden()
    await fill(ben.page, "ben")
    await ben.page.get_by_test_id("register-submit").click()
    # Nothing carries a code here yet, and it is said who can help.
    await expect(ben.page.get_by_test_id("verify-hint")).to_contain_text("administrator")
    await expect(ben.page).not_to_have_url(link)
    no_complaints(ana, ben, eve)
