"""The ear on the suite's log hears what must not be said, and nothing else."""

from __future__ import annotations

import logging

import pytest
import structlog

from tests.overhearing import heard
from web.logs import Disclosed

LINK = "/f/" + "a2b3c4d5" * 4


@pytest.mark.parametrize(
    "said",
    ["took hrr_" + "0a" * 32, "reads the plan of Tuesday", "it was password123"],
)
def test_it_hears_what_must_not_be_said(said: str) -> None:
    heard.take()
    heard.said.add("reads the plan of Tuesday")
    logging.getLogger("bot.x").info("%s", said)
    first = heard.take()
    heard.said.add("reads the plan of Tuesday")
    structlog.get_logger("web.x").info("event", more=said)
    assert (len(first), len(heard.take())) == (1, 1)


def test_it_hears_what_the_product_masks_and_discloses_as_written() -> None:
    heard.take()
    logger = structlog.get_logger("web.x")
    logger.warning("verification_code", code=Disclosed("12345678"))
    logger.info("mail", to="ann@example.org", token="hrr_" + "0a" * 32)
    logger.debug("text", text="went to " + LINK)
    logging.getLogger("bot.x").warning("Bearer eyJhbGciOiJIUzI1NiJ9.eyJhIjoxfQ.abcdefghijk")
    assert heard.take() == []
