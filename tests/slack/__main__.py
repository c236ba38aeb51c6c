r"""Start a simulated Slack on its own: `python -m tests.slack [--port 8099] [--app URL]`.

It listens on 127.0.0.1:8099 with a demo workspace. `--app` is the app's Request URL, such as
http://127.0.0.1:8080/slack/events; without it the app connects by Socket Mode. What is said and
clicked there goes through `/control/…` (see `tests/slack/control.py`), for example:

    curl -d '{"who": "ana", "where": "general", "text": "@handraise hello", "by_hand": true}' \
        http://127.0.0.1:8099/control/act/post_as
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib

from tests.slack.demo import people
from tests.slack.server import Slack


async def serve(port: int, app_url: str | None) -> None:
    """Serve until interrupted; retries are sent when they are due."""
    slack = Slack()
    slack.rates.enforced = True
    token = people(slack)
    if app_url:
        slack.app.point_at(app_url)
    await slack.start(port)
    try:
        print(f"A simulated Slack listens on {slack.url}")
        print("Start the app with:")
        print(f"  SLACK_API_URL={slack.api_url}")
        print(f"  SLACK_BOT_TOKEN={token.value}")
        print(f"  SLACK_SIGNING_SECRET={slack.app.signing_secret}")
        print(f"  SLACK_APP_TOKEN={slack.app.app_token}   # Socket Mode: no Request URL needed")
        print("or, to rehearse the installation instead of giving a bot token, with:")
        print(f"  SLACK_CLIENT_ID={slack.app.client_id}")
        print(f"  SLACK_CLIENT_SECRET={slack.app.client_secret}")
        print(f"  SLACK_AUTHORIZE_URL={slack.url}/oauth/v2/authorize")
        print(f"What it knows: {slack.url}/control/state", flush=True)
        while True:
            await asyncio.sleep(1)
            await slack.post.retry_due()
    finally:
        await slack.stop()


def main() -> None:
    """Read the arguments and serve."""
    parser = argparse.ArgumentParser(prog="python -m tests.slack", description=__doc__)
    parser.add_argument("--port", type=int, default=8099)
    parser.add_argument("--app", help="the app's Request URL")
    args = parser.parse_args()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(args.port, args.app))


if __name__ == "__main__":
    main()
