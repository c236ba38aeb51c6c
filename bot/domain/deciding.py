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
    """Whether nothing can be decided any more, unless somebody changes their mind."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """Whose answer decides, and how, where answers are judged again."""

    person_id: str
    verdict: Verdict


def needed(request: FeedbackRequest, deciders: int, stand_ins: int = 0) -> int:
    """Return how many answers decide a request that `deciders` people can answer.

    Where all must agree, the `stand_ins` among them raise nothing: they answer in the place of
    those who stay silent.
    """
    match request.rule:
        case Rule.FIRST:
            return 1
        case Rule.ALL:
            return max(1, deciders - stand_ins)
        case Rule.QUORUM:
            return request.quorum


def judge(
    request: FeedbackRequest,
    deciders: Collection[str],
    votes: Mapping[str, Answer],
    person_id: str,
    answer: Answer,
    stand_ins: Collection[str] = (),
) -> Verdict:
    """Say what `answer` by `person_id` does, given the votes counted so far, by person.

    All people are canonical; a person's newer vote replaces their older one until the request is
    decided. Only the votes of those who are deciders now count. `stand_ins` are those of them whom
    an escalation has added: where all must agree, they agree in the place of who is silent, and
    never in the place of who disagrees.
    """
    if not request.is_open:
        return late(request, answer)
    standing = {who: vote for who, vote in votes.items() if who in deciders}
    standing[person_id] = answer
    ballot = _ballot(request, deciders, standing, stand_ins)
    if request.kind is Kind.APPROVAL:
        return _approval(request, ballot, answer)
    same = ballot.agreeing(answer)
    if same >= ballot.wanted and not ballot.refused(answer):
        return Verdict(standing=Standing.DECIDED, state=State.ANSWERED, outcome=answer)
    return Verdict(
        standing=Standing.COUNTED, missing=max(1, ballot.wanted - same), stalemate=ballot.is_stuck
    )


def judge_again(
    request: FeedbackRequest,
    deciders: Collection[str],
    votes: Mapping[str, Answer],
    stand_ins: Collection[str] = (),
) -> Decision | None:
    """Say whether an open request is decided by the votes it has, of which the newest is last.

    Whom it waits for may have changed without an answer: two people were found to be one.
    """
    for person_id, answer in reversed([each for each in votes.items() if each[0] in deciders]):
        verdict = judge(request, deciders, votes, person_id, answer, stand_ins)
        if verdict.state is not None:
            return Decision(person_id=person_id, verdict=verdict)
    return None


def is_stuck(
    request: FeedbackRequest,
    deciders: Collection[str],
    votes: Mapping[str, Answer],
    stand_ins: Collection[str] = (),
) -> bool:
    """Tell whether no answer of somebody who is silent so far can decide an open request."""
    standing = {who: vote for who, vote in votes.items() if who in deciders}
    return _ballot(request, deciders, standing, stand_ins).is_stuck


def late(request: FeedbackRequest, answer: Answer) -> Verdict:
    """Say what becomes of an answer that comes too late, compared with the outcome if any."""
    agrees = None if request.outcome is None else request.outcome.key == answer.key
    return Verdict(standing=Standing.LATE, agrees=agrees)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Ballot:
    """The votes of those who count, and how many of them it takes."""

    kind: Kind
    votes: Mapping[str, Answer]
    stand_ins: Collection[str]
    silent: int
    wanted: int
    everybody: bool

    def agreeing(self, answer: Answer) -> int:
        """Return how many say the same; free answers are collected, not compared."""
        if self.kind not in (Kind.APPROVAL, Kind.CHOICE):
            return len(self.votes)
        return sum(vote.key == answer.key for vote in self.votes.values())

    def refused(self, answer: Answer) -> bool:
        """Tell whether somebody says otherwise in whose place nobody can agree."""
        return (
            self.everybody
            and self.kind is Kind.CHOICE
            and any(
                vote.key != answer.key
                for who, vote in self.votes.items()
                if who not in self.stand_ins
            )
        )

    @property
    def against(self) -> bool:
        """Tell whether somebody rejects an approval."""
        return any(vote.approved is False for vote in self.votes.values())

    @property
    def is_stuck(self) -> bool:
        """Tell whether nobody who is silent can decide it any more."""
        if self.kind is Kind.APPROVAL:
            most = sum(vote.approved is True for vote in self.votes.values())
            return most + self.silent < self.wanted
        open_to = [a for a in self.votes.values() if not self.refused(a)]
        # Who is silent may also agree on something that nobody has said so far.
        bound = self.everybody and any(who not in self.stand_ins for who in self.votes)
        if bound and not open_to:
            return True
        most = max((self.agreeing(answer) for answer in open_to), default=0)
        return most + self.silent < self.wanted


def _ballot(
    request: FeedbackRequest,
    deciders: Collection[str],
    votes: Mapping[str, Answer],
    stand_ins: Collection[str],
) -> _Ballot:
    return _Ballot(
        kind=request.kind,
        votes=votes,
        stand_ins=stand_ins,
        silent=sum(who not in votes for who in deciders),
        wanted=needed(request, len(deciders), sum(who in stand_ins for who in deciders)),
        everybody=request.rule is Rule.ALL,
    )


def _approval(request: FeedbackRequest, ballot: _Ballot, answer: Answer) -> Verdict:
    """Approve with enough approvals; reject by veto, or once enough can no longer come."""
    yes = sum(vote.approved is True for vote in ballot.votes.values())
    if yes >= ballot.wanted and answer.approved and not (ballot.everybody and ballot.against):
        return Verdict(standing=Standing.DECIDED, state=State.APPROVED, outcome=answer)
    # Who stands in for somebody rejects in their place, too: then not all agree.
    one_is_enough = request.rule is not Rule.QUORUM or request.veto
    if not answer.approved and (one_is_enough or yes + ballot.silent < ballot.wanted):
        return Verdict(standing=Standing.DECIDED, state=State.REJECTED, outcome=answer)
    return Verdict(
        standing=Standing.COUNTED, missing=max(1, ballot.wanted - yes), stalemate=ballot.is_stuck
    )
