"""What binds an answer to exactly what was shown."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence

from bot.domain.feedback import Kind, Risk


def digest_of(
    *,
    kind: Kind,
    question: str,
    context: str,
    options: Sequence[str],
    asker_id: str,
    quorum: int,
    risk: Risk,
) -> str:
    """Return the SHA-256 of a question's content in canonical JSON, in hexadecimal."""
    content = {
        "asker": asker_id,
        "context": context,
        "kind": kind.value,
        "options": list(options),
        "question": question,
        "quorum": quorum,
        "risk": risk.value,
    }
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()
