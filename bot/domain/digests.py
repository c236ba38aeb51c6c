"""What binds an answer to exactly what was shown."""

from __future__ import annotations

import hashlib
import hmac
import json

from bot.domain.feedback import Action, FeedbackRequest

_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def canonical(value: object) -> str:
    """Return `value` as canonical JSON: sorted keys, no spaces, one form for one content."""
    return _ENCODER.encode(value)


def digest_of(request: FeedbackRequest) -> str:
    """Return the SHA-256 of all that a responder is shown of a request, in hexadecimal.

    Whom it went to and until when may change while it is open (somebody is away, it is handed
    on); what is asked, how it is decided and what runs afterwards may not.
    """
    content = {
        "action": request.action and [request.action.tool, request.action.arguments],
        "asker": request.asker_id,
        "context": request.context,
        "fields": [
            [f.name, f.label, f.kind.value, f.required, list(f.options)] for f in request.fields
        ],
        "kind": request.kind.value,
        "multiple": request.multiple,
        "options": list(request.options),
        "question": request.question,
        "risk": request.risk.value,
        "rule": [request.rule.value, request.quorum, request.veto],
    }
    return hashlib.sha256(canonical(content).encode()).hexdigest()


def action_of(tool: str, arguments: object) -> Action:
    """Return an action bound to its arguments: what was approved is what runs."""
    text = canonical(arguments)
    digest = hashlib.sha256(canonical([tool, text]).encode()).hexdigest()
    return Action(tool=tool, arguments=text, digest=digest)


def is_intact(action: Action) -> bool:
    """Tell whether an action's digest still is that of its tool and arguments."""
    expected = hashlib.sha256(canonical([action.tool, action.arguments]).encode()).hexdigest()
    return hmac.compare_digest(expected, action.digest)
