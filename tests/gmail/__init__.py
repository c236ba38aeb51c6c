"""A server that speaks the protocols of Gmail, Google's OAuth and Pub/Sub, with mailboxes."""

from tests.gmail.server import GmailServer

__all__ = ["GmailServer"]
