"""The statements that take what actions were run with, and what came of it, out of questions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import bindparam, select, update

from bot.adapters.store.personal_statements import REQUESTS_OF_PART, THEM
from bot.adapters.store.schema import actions, requests
from bot.adapters.store.statements import Statement


def _proposed(those: Callable[[], Any]) -> Statement:
    return Statement(
        lambda: select(requests.c.id, requests.c.action).where(
            requests.c.id.in_(those()), requests.c.action.is_not(None)
        )
    )


PROPOSED_BY_ASKED = _proposed(lambda: REQUESTS_OF_PART.where(requests.c.asker_id.in_(THEM)))
PROPOSED_IN_SESSION = _proposed(
    lambda: select(requests.c.id).where(requests.c.session_id == bindparam("session"))
)
SAVE_PROPOSED = Statement(
    lambda: (
        update(requests)
        .where(requests.c.id == bindparam("of_id"))
        .values(action=bindparam("words"))
    )
)
EMPTY_RUN = Statement(
    lambda: (
        update(actions)
        .where(actions.c.request_id == bindparam("of_id"))
        .values(arguments=bindparam("emptied"), result=bindparam("nothing"))
    )
)
