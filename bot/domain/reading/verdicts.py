"""Whether words approve or reject: only when they are a verdict and nothing else that tells."""

from __future__ import annotations

from collections.abc import Sequence

from bot.domain.feedback import Answer, FeedbackRequest
from bot.domain.reading.frame import Text
from bot.domain.reading.phrases import (
    APPROVING,
    BECAUSE,
    CONDITIONS,
    LEANING_NO,
    LEANING_YES,
    NEGATIONS,
    REJECTING,
    ROLES,
    VERDICTS,
    Role,
    holds,
    longest,
)
from bot.domain.reading.questions import approving_is_clear, yes_and_no_are_clear
from bot.domain.reading.spelling import STOPS, Sort, words

_MAX_REASON = 200


def verdict(request: FeedbackRequest, seen: str, names: frozenset[str]) -> Answer | None:
    """Return the approval or rejection that `seen` surely is, or None."""
    said = _parsed(Text.of(seen, names))
    if said is None:
        return None
    roles, reason = said
    if roles & {Role.APPROVE, Role.REJECT}:
        clear = approving_is_clear(request)
    else:
        clear = yes_and_no_are_clear(request)
    return Answer(approved=bool(roles & APPROVING), text=reason) if clear else None


def says(seen: str) -> bool | None:
    """Return whether `seen` plainly says yes or no, whatever it answers; None for neither."""
    said = _parsed(Text.of(seen))
    if said is None or said[1] or Role.NOD in said[0]:
        return None
    return bool(said[0] & APPROVING)


def _parsed(text: Text) -> tuple[frozenset[Role], str] | None:
    """Return the verdict's roles and the reason, when every piece of `text` is understood."""
    if "?" in text.seen or ".." in text.seen:
        return None
    at = text.after_greeting()
    roles: list[Role] = []
    phrases: list[tuple[str, ...]] = []
    reason = ""
    stopped = True
    while at < len(text.pieces):
        last = text.farewell(at)
        if last is not None:
            roles.append(last)
            break
        if text.pieces[at].sort in STOPS:
            at, stopped = at + 1, True
            continue
        if roles and longest(text.pieces, at, BECAUSE):
            reason = text.seen[text.pieces[at].start :]
            if not _only_explains(roles, reason):
                return None
            break
        known = text.after_courtesy(at)
        if known is None:
            return None
        ends, role = known
        phrase = tuple(piece.form for piece in text.pieces[at:ends])
        if not _goes_on(roles, phrases, role, phrase, stopped=stopped, text=text, at=at):
            return None
        roles.append(role)
        phrases.append(phrase)
        at, stopped = ends, False
    return (frozenset(roles), reason) if _is_one(roles) else None


def _goes_on(
    roles: Sequence[Role],
    phrases: Sequence[tuple[str, ...]],
    role: Role,
    phrase: tuple[str, ...],
    *,
    stopped: bool,
    text: Text,
    at: int,
) -> bool:
    """Tell whether a phrase may follow those before it."""
    if role is Role.PLEASE:
        # "Please approve" may ask somebody else to, or repeat the question.
        return any(before in VERDICTS for before in roles)
    if role in VERDICTS:
        # "No rechazado": a no that nothing parts from the next verdict may negate it.
        if roles and roles[-1] in REJECTING and not stopped:
            return False
        # "Ja ja" is no stronger yes than one; of emojis there may be several.
        return phrase not in phrases or text.pieces[at].sort is Sort.SIGN
    return True


def _is_one(roles: Sequence[Role]) -> bool:
    """Tell whether these make one verdict."""
    said = set(roles)
    approves, rejects = bool(said & APPROVING), bool(said & REJECTING)
    if approves == rejects:
        return False
    if approves and Role.REGRET in said:
        return False
    # "Ok, thanks" may only say that it was read.
    return not (said & APPROVING == {Role.NOD} and Role.THANKS in said)


def _only_explains(roles: Sequence[Role], reason: str) -> bool:
    """Tell whether a reason surely takes nothing back: it has one sentence and no turn in it."""
    if not _is_one(roles) or not set(roles) & {*REJECTING, Role.APPROVE}:
        return False
    if len(reason) > _MAX_REASON or any(
        stop in reason[:-1] for stop in ("\n", "!", ";", ":", ". ")
    ):
        return False
    said = words(reason)
    if any(not word.replace("'", "").replace("-", "").isalnum() for word in said):
        return False
    verdicts = frozenset(phrase for phrase, role in ROLES.items() if role in VERDICTS)
    turns = (CONDITIONS, NEGATIONS, LEANING_YES, LEANING_NO, verdicts)
    return not any(holds(said, known) for known in turns)
