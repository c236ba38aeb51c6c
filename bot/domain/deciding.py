"""Who decides: what one answer does to its request, given those before it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from bot.domain.feedback import Answer, FeedbackRequest, Kind, Rule, Standing, State


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """What a new answer does to its request."""

    standing: Standing
    agrees: bool | None = None
    state: State | None = None
    outcome: Answer | None = None
    missing: int = 0
    """How many more answers it takes, when it was counted."""
    stalemate: bool = False
    """Whether everybody has answered and still nothing is decided."""


def needed(request: FeedbackRequest, deciders: int) -> int:
    """Return how many answers decide a request that `deciders` people can answer."""
    match request.rule:
        case Rule.FIRST:
            return 1
        case Rule.ALL:
            return max(1, deciders)
        case Rule.QUORUM:
            return request.quorum


def judge(
    request: FeedbackRequest,
    deciders: Collection[str],
    votes: Mapping[str, Answer],
    person_id: str,
    answer: Answer,
) -> Verdict:
    """Say what `answer` by `person_id` does, given the votes counted so far, by person.

    All people are canonical; a person's newer vote replaces their older one until the request is
    decided. Only the votes of those who are deciders now count.
    """
    if not request.is_open:
        return late(request, answer)
    standing = {who: vote for who, vote in votes.items() if who in deciders}
    standing[person_id] = answer
    wanted = needed(request, len(deciders))
    if request.kind is Kind.APPROVAL:
        return _approval(request, standing, wanted, len(deciders), answer)
    if request.kind is Kind.CHOICE:
        same = sum(vote.key == answer.key for vote in standing.values())
    else:
        # Free answers are collected, not compared.
        same = len(standing)
    if same >= wanted:
        return Verdict(standing=Standing.DECIDED, state=State.ANSWERED, outcome=answer)
    return Verdict(
        standing=Standing.COUNTED,
        missing=wanted - same,
        stalemate=len(standing) >= len(deciders),
    )


def late(request: FeedbackRequest, answer: Answer) -> Verdict:
    """Say what becomes of an answer that comes too late, compared with the outcome if any."""
    agrees = None if request.outcome is None else request.outcome.key == answer.key
    return Verdict(standing=Standing.LATE, agrees=agrees)


def _approval(
    request: FeedbackRequest,
    votes: Mapping[str, Answer],
    wanted: int,
    deciders: int,
    answer: Answer,
) -> Verdict:
    """Approve with enough approvals; reject by veto, or once enough can no longer come."""
    yes = sum(vote.approved is True for vote in votes.values())
    no = len(votes) - yes
    if yes >= wanted and answer.approved:
        return Verdict(standing=Standing.DECIDED, state=State.APPROVED, outcome=answer)
    first = request.rule is Rule.FIRST
    if not answer.approved and (first or request.veto or no > deciders - wanted):
        return Verdict(standing=Standing.DECIDED, state=State.REJECTED, outcome=answer)
    return Verdict(
        standing=Standing.COUNTED,
        missing=max(1, wanted - yes),
        stalemate=len(votes) >= deciders,
    )
