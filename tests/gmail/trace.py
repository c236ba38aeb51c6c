"""What Gmail writes on top of a mail when it receives one: trace headers and its verdict."""

from __future__ import annotations

import hashlib
from email.utils import format_datetime

from bot.domain.instants import Micros, from_micros
from tests.gmail.addresses import domain

SERVER = "mx.google.com"
VERDICTS = (
    "pass", "fail", "none", "missing", "no_dmarc", "spf_only", "dkim_only", "misaligned",
    "softfail", "temperror",
)  # fmt: skip


def verdict(auth: str, *, sender: str, from_: str, writer: str) -> str | None:
    """Return the value of `Authentication-Results`; None for "missing".

    `auth` is one of `VERDICTS`, or results in words of its own (RFC 8601, without the server).
    Nobody passes for a domain that `writer` has no part in: "pass" is then "misaligned".
    """
    mine, theirs = domain(from_), domain(writer)
    if auth == "pass" and theirs != mine:
        auth = "misaligned"
    foreign = theirs if theirs != mine else "bulk-sender.example"
    tag = hashlib.sha256(f"{sender}{from_}".encode()).hexdigest()[:8]
    dkim = f"dkim=pass header.i=@{mine} header.s=20230601 header.b={tag}"
    alien = f"dkim=pass header.i=@{foreign} header.s=k1 header.b={tag}"
    spf = (
        f"spf=pass ({SERVER[3:]}: domain of {sender} designates 209.85.220.41 as permitted sender)"
        f" smtp.mailfrom={sender}"
    )
    failed = (
        f"spf=fail ({SERVER[3:]}: domain of {sender} does not designate 203.0.113.9 as permitted"
        f" sender) smtp.mailfrom={sender}"
    )
    neutral = (
        f"spf=none ({SERVER[3:]}: {sender} does not designate permitted sender hosts)"
        f" smtp.mailfrom={sender}"
    )
    unsure = (
        f"spf=temperror ({SERVER[3:]}: error in processing during lookup of {sender})"
        f" smtp.mailfrom={sender}"
    )

    def dmarc(result: str, policy: str = "NONE") -> str:
        return f"dmarc={result} (p={policy} sp={policy} dis=NONE) header.from={mine}"

    results = {
        "pass": [dkim, spf, dmarc("pass")],
        "fail": [f"dkim=fail header.i=@{mine} header.s=1 header.b={tag}", failed, dmarc("fail")],
        "none": [neutral],
        "no_dmarc": [dkim, spf],
        "spf_only": [spf],
        "dkim_only": [dkim, failed, dmarc("pass")],
        "misaligned": [
            alien,
            spf if domain(sender) != mine else spf.replace(sender, f"bounce@{foreign}"),
            dmarc("fail"),
        ],
        "softfail": [failed.replace("spf=fail", "spf=softfail"), dmarc("fail")],
        "temperror": [f"dkim=temperror (no key for signature) header.i=@{mine}", unsure],
    }
    if auth == "missing":
        return None
    if auth not in results:
        if "=" not in auth:
            raise ValueError(f"auth is one of {', '.join(VERDICTS)}, or results with an =")
        return auth if auth.startswith(SERVER) else f"{SERVER}; {auth}"
    return ";\r\n       ".join([SERVER, *results[auth]])


def stamped(
    raw: bytes,
    *,
    to: str,
    sender: str,
    from_: str,
    writer: str,
    auth: str,
    at: Micros,
    queue_id: str,
) -> bytes:
    """Return the mail as it lies in the recipient's mailbox; `sender` is the envelope's."""
    date = format_datetime(from_micros(at))
    envelope = sender or f"postmaster@{domain(from_)}"
    results = verdict(auth, sender=envelope, from_=from_, writer=writer)
    arc = [] if results is None else [f"ARC-Authentication-Results: i=1; {results}"]
    moved = f"with SMTP id {queue_id};\r\n        {date}"
    taken = (
        "Received: from mail-sor-f41.google.com (mail-sor-f41.google.com. [209.85.220.41])"
        f"\r\n        by {SERVER} with SMTPS id {queue_id}"
        f"\r\n        for <{to}>;\r\n        {date}"
    )
    lines = [
        f"Delivered-To: {to}",
        f"Received: by 2002:a05:6402:3f0b:b0:5c0:{queue_id[:4]} {moved}",
        f"X-Received: by 2002:a17:907:{queue_id[:4]} {moved}",
        *arc,
        f"Return-Path: <{sender}>",
        taken,
    ]
    if results is not None:
        spf = next((part for part in results.split(";") if part.strip().startswith("spf=")), "")
        if spf:
            words = spf.strip().removeprefix("spf=").partition(" smtp.mailfrom=")[0]
            lines.append(f"Received-SPF: {words} client-ip=209.85.220.41;")
        lines.append(f"Authentication-Results: {results}")
    return ("\r\n".join(lines) + "\r\n").encode() + raw
