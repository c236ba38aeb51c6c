"""An approved action on its way: bound to what was approved, and run at most as often as safe."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bot.domain.digests import digest_of, is_intact
from bot.domain.feedback import Action, FeedbackRequest, State
from bot.domain.instants import SECOND, Micros

MAX_RUNS = 5
"""Runs of one action, the first included."""


class ActionState(StrEnum):
    """Where an approved action stands; the last four are final."""

    DUE = "due"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    """It did not happen, or what it reached refused it."""
    REFUSED = "refused"
    """It is not what was approved, or not allowed any more; it did not run."""
    UNKNOWN = "unknown"
    """It was begun, and nobody knows whether it happened; it is not repeated by itself."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ActionRun:
    """The row of an approved action; it is written once with the approval, and then only ends."""

    request_id: str
    """Also the effect key: a repeat is recognised by it."""
    tool: str
    arguments: str
    digest: str
    """The action's, when it was approved."""
    shown_digest: str
    """The request's, which covers all that its approvers saw."""
    state: ActionState
    claim_owner: str | None = None
    claim_number: int = 0
    """The fencing number: grows with each claim, and each commit of a result names it."""
    claim_until: Micros | None = None
    due_at: Micros | None
    """When it may be claimed, if no claim is alive; None once it has ended."""
    attempts: int = 0
    result: str = ""
    started_at: Micros | None = None
    finished_at: Micros | None = None

    @property
    def action(self) -> Action:
        """Return what is to run."""
        return Action(tool=self.tool, arguments=self.arguments, digest=self.digest)


def approved_run(request: FeedbackRequest, action: Action, now: Micros) -> ActionRun:
    """Return the row of an action that was approved just now."""
    return ActionRun(
        request_id=request.id,
        tool=action.tool,
        arguments=action.arguments,
        digest=action.digest,
        shown_digest=request.digest,
        state=ActionState.DUE,
        due_at=now,
    )


def changed_since(run: ActionRun, request: FeedbackRequest) -> str | None:
    """Return why an action is not what was approved, as the end of a sentence; None if it is."""
    if request.state is not State.APPROVED:
        return f"its question is {request.state.value}, not approved"
    if request.action != run.action or not is_intact(run.action):
        return "the action was changed after it was approved"
    if request.digest != run.shown_digest or digest_of(request) != run.shown_digest:
        return "the question was changed after it was approved"
    return None


def next_run(attempts: int, now: Micros) -> Micros:
    """Return when to run again: after 1 s, doubling."""
    return now + (SECOND << (attempts - 1))
