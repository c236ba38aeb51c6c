"""The assistant's container: what it proposes to somebody who has just opened it."""

from __future__ import annotations

from bot.channels.slack.calls import Calls
from bot.channels.slack.facts import AssistantOpened, Heard
from bot.domain.session import title_of

PROMPTS = (
    ("Ask somebody", "ask <name>: Can we ship on Friday? options: yes, no"),
    ("Get an approval", "ask <name> for approval: Pay the invoice of 1,200 euros?"),
    ("What is open?", "status"),
    ("What can I write?", "help"),
)
TITLE = "New conversation"


async def greet(calls: Calls, opened: AssistantOpened) -> None:
    """Propose what can be asked for, and give the thread a name until it has one."""
    channel, thread = opened.channel, opened.thread_ts
    prompts = [{"title": title, "message": message} for title, message in PROMPTS]
    await calls.call(
        opened.team,
        lambda client: client.assistant_threads_setSuggestedPrompts(
            channel_id=channel, thread_ts=thread, prompts=prompts
        ),
    )
    await calls.call(
        opened.team,
        lambda client: client.assistant_threads_setTitle(
            channel_id=channel, thread_ts=thread, title=TITLE
        ),
    )


async def entitle(calls: Calls, heard: Heard, words: str) -> None:
    """Name a thread of direct messages after what its session began with."""
    channel, thread, title = heard.channel, heard.thread, title_of(words)
    if title:
        await calls.call(
            heard.team,
            lambda client: client.assistant_threads_setTitle(
                channel_id=channel, thread_ts=thread, title=title
            ),
        )
