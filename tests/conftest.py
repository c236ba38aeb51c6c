"""Hypothesis profiles for every test, and an ear on its log; fixtures live where they are used."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

from tests import overhearing

# Shared machines are slow at odd moments, and a red run must be red again when repeated.
settings.register_profile("ci", deadline=None, derandomize=True)
settings.register_profile("dev", deadline=None)
settings.load_profile("ci" if os.environ.get("CI") else "dev")


def pytest_configure() -> None:
    overhearing.begin()


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item) -> None:
    """Fail a test during which the product logged what it must not."""
    faults = overhearing.heard.take()
    if faults and item.get_closest_marker("logs_itself") is None:
        shown = "\n".join(faults[:5])
        pytest.fail(f"the log says too much ({len(faults)} lines):\n{shown}", pytrace=False)
