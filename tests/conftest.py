"""What holds for every test: Hypothesis profiles, an ear on the log, where files lie."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from tests import beforehand, memory, overhearing

if TYPE_CHECKING:
    from tests.contract.postgres_server import PostgresServer

# Shared machines are slow at odd moments, and a red run must be red again when repeated. Each other
# run draws other examples, so few are enough; `HYPOTHESIS_PROFILE=deep` draws many at once.
settings.register_profile("ci", deadline=None, derandomize=True)
settings.register_profile("dev", deadline=None, max_examples=40)
settings.register_profile("deep", deadline=None, max_examples=2_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if os.environ.get("CI") else "dev"))

memory.keep_files()  # before pytest and any test ask where


def pytest_configure() -> None:
    overhearing.begin()
    beforehand.begin()


def pytest_collection_finish() -> None:
    memory.keep_objects()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """One server for each pytest process."""
    from tests.contract.postgres_server import running_server

    with running_server() as server:
        yield server


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item) -> None:
    """Fail a test during which the product logged what it must not."""
    faults = overhearing.heard.take()
    if faults and item.get_closest_marker("logs_itself") is None:
        shown = "\n".join(faults[:5])
        pytest.fail(f"the log says too much ({len(faults)} lines):\n{shown}", pytrace=False)
