"""Approvals of which Slack cannot show all: nothing that is said or clicked here approves them."""

from __future__ import annotations

from bot.channels.slack.contents import is_complete
from bot.domain.errors import Conflict
from bot.domain.feedback import FeedbackRequest, Kind


class NotAllShown(Conflict):
    """An answer to what its author cannot have read in full where they gave it."""

    code = "not_all_shown"


def refuse_unshown(request: FeedbackRequest, public_url: str) -> None:
    """Raise `NotAllShown`, with the page's address, where an approval is not shown in full."""
    if request.kind is not Kind.APPROVAL or is_complete(request):
        return
    raise NotAllShown(
        "Slack cannot show all of this question, so what you write or approve here does not count. "
        f"Read all of it and answer on its page: {public_url}/#/questions/{request.id}"
    )
