"""`python -m tests.gmail`: run the server alone, with demo mailboxes, and say how to use it."""

from __future__ import annotations

import argparse
import asyncio
import contextlib

from tests.gmail.server import GmailServer

BOT = "bot@handraise.example"
PEOPLE = {
    "ada@handraise.example": "Ada Okafor",
    "ben@handraise.example": "Ben Lindqvist",
    "chloe@partner.example": "Chloé Martin",
}
TOPIC = "projects/demo/topics/gmail"
_REDELIVERY_SECONDS = 10


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(prog="python -m tests.gmail", description=__doc__)
    parser.add_argument("--port", type=int, default=8025)
    parser.add_argument("--bot", default=BOT, help="the address of the bot's mailbox")
    parser.add_argument("--person", action="append", default=[], help="add a person's mailbox")
    parser.add_argument("--push-to", help="where the app takes Pub/Sub's pushes, a URL")
    parser.add_argument("--audience", default="", help="the pushes' audience; else that URL")
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(parser.parse_args()))


async def _serve(options: argparse.Namespace) -> None:
    async with GmailServer(port=options.port) as gmail:
        gmail.add_mailbox(options.bot, "Handraise")
        for address, name in PEOPLE.items():
            gmail.add_mailbox(address, name)
        for address in options.person:
            gmail.add_mailbox(address)
        if options.push_to:
            gmail.subscribe(TOPIC, options.push_to, audience=options.audience)
        print(_guide(gmail, options.bot), flush=True)
        while True:
            # Pub/Sub tries again until it is acknowledged.
            await asyncio.sleep(_REDELIVERY_SECONDS)
            await gmail.redeliver()


def _guide(gmail: GmailServer, bot: str) -> str:
    """Return what somebody has to know to point an app here."""
    lines = [
        f"Gmail is played at {gmail.url}",
        f"Mailboxes: {', '.join(gmail.post_office.mailboxes)}",
        "",
        "Settings that point the app at it, with consent given:",
        *(f"  {name}={value}" for name, value in gmail.environment(bot).items()),
        "",
        f"Revocation is at {gmail.urls.revoke}; the keys as a JWK set at {gmail.urls.keys}.",
    ]
    lines += [f"Pushes go to {one.push_to}." for one in gmail.pubsub.subscriptions]
    (person, *_) = PEOPLE
    mail = f'{{"mailbox": "{person}", "to": "{bot}", "subject": "Hello", "text": "help"}}'
    lines += [
        "",
        "Write to the bot as a person, and read what comes back:",
        f"  curl -s {gmail.url}/control/send_as -d '{mail}'",
        f'  curl -s {gmail.url}/control/inbox -d \'{{"mailbox": "{person}"}}\'',
        f"  curl -s {gmail.url}/control/   lists everything that can be done",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
