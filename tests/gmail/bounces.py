"""What comes back when a mail cannot be delivered: a report as RFC 3464 describes it."""

from __future__ import annotations

from email import message_from_bytes, policy
from email.message import EmailMessage, Message, MIMEPart
from email.mime.message import MIMEMessage
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.utils import format_datetime, make_msgid

from bot.domain.instants import Micros, from_micros
from tests.gmail.addresses import decoded, domain

DAEMON = "mailer-daemon@googlemail.com"
_HARD = ("5.1.1", "550-5.1.1 The email account that you tried to reach does not exist.")
_SOFT = ("4.2.2", "452-4.2.2 The recipient's inbox is out of storage space.")


def bounce(raw: bytes, *, sender: str, failed: str, at: Micros, permanent: bool = True) -> bytes:
    """Return the mail that tells `sender` that `raw` did not reach `failed`, or not yet."""
    original = message_from_bytes(raw)
    status, reason = _HARD if permanent else _SOFT
    report = MIMEMultipart("report")
    report.set_param("report-type", "delivery-status")
    report["From"] = f"Mail Delivery Subsystem <{DAEMON}>"
    report["To"] = sender
    report["Auto-Submitted"] = "auto-replied"
    report["Subject"] = f"Delivery Status Notification ({'Failure' if permanent else 'Delay'})"
    report["Message-ID"] = make_msgid(domain="mx.google.com")
    report["Date"] = format_datetime(from_micros(at))
    if message_id := original.get("Message-ID"):
        report["In-Reply-To"] = report["References"] = str(message_id)
    report["X-Failed-Recipients"] = failed
    words = (
        f"Your message to {failed} was not delivered: the address was not found, or it cannot "
        "receive mail."
        if permanent
        else f"Your message to {failed} is delayed: it was not delivered yet. "
        "Delivery will be tried again."
    )
    report.attach(MIMEText(f"{words}\r\n\r\nThe response was:\r\n\r\n{reason}\r\n"))
    report.attach(_status(failed, status, reason, at, permanent=permanent))
    report.attach(MIMEMessage(_headers_of(original)))
    return report.as_bytes(policy=policy.SMTP)


def _status(failed: str, status: str, reason: str, at: Micros, *, permanent: bool) -> MIMEPart:
    date = format_datetime(from_micros(at))
    part = MIMEPart()
    part["Content-Type"] = "message/delivery-status"
    about, recipient = EmailMessage(), EmailMessage()
    about["Reporting-MTA"] = "dns; googlemail.com"
    about["Arrival-Date"] = date
    recipient["Final-Recipient"] = f"rfc822; {failed}"
    recipient["Action"] = "failed" if permanent else "delayed"
    recipient["Status"] = status
    recipient["Remote-MTA"] = f"dns; mx.{domain(failed)}. (192.0.2.25)"
    recipient["Diagnostic-Code"] = f"smtp; {reason}"
    recipient["Last-Attempt-Date"] = date
    part.set_payload([about, recipient])
    return part


def _headers_of(original: Message) -> EmailMessage:
    """Return the original with its headers alone, as most servers send it back."""
    copy = EmailMessage()
    for name in ("From", "To", "Subject", "Message-ID", "Date", "In-Reply-To", "References"):
        value = original.get(name)
        if value is not None:
            copy[name] = decoded(value)
    copy.set_content("")
    return copy
