"""The cycle on LangGraph: `interrupt` asks, `Command(resume=...)` answers, AsyncSqliteSaver stores.

It is used as its documentation shows: the saver's own connection and write-ahead log, the default
durability, a thread for each cycle. Only `synchronous = FULL` is made certain, so that a commit is
as durable here as elsewhere.
"""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, TypedDict

from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from langgraph.graph import END, START, StateGraph
from langgraph.types import Command, interrupt

FULL = 2


class Talk(TypedDict, total=False):
    """What a thread knows."""

    message: str
    answer: str
    reply: str


async def ask(state: Talk) -> Talk:
    """Ask, and be run again with the answer."""
    del state
    return {"answer": interrupt({"question": "May I go on?", "options": ["yes", "no"]})}


async def reply(state: Talk) -> Talk:
    """Say that it is done."""
    del state
    return {"reply": "Thank you, done."}


class LangGraphCycles:
    """A compiled graph on its own SQLite file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stack = AsyncExitStack()

    async def open(self) -> None:
        saver = await self._stack.enter_async_context(
            AsyncSqliteSaver.from_conn_string(str(self._path))
        )
        await saver.setup()
        await saver.conn.execute("PRAGMA synchronous = FULL")
        for pragma, wanted in (("synchronous", FULL), ("journal_mode", "wal")):
            async with saver.conn.execute(f"PRAGMA {pragma}") as cursor:
                row = await cursor.fetchone()
            if row is None or row[0] != wanted:
                raise RuntimeError(f"LangGraph's connection has {pragma} {row}, not {wanted}.")
        graph = StateGraph(Talk)
        graph.add_node("ask", ask)
        graph.add_node("reply", reply)
        graph.add_edge(START, "ask")
        graph.add_edge("ask", "reply")
        graph.add_edge("reply", END)
        self._graph = graph.compile(checkpointer=saver)

    async def close(self) -> None:
        await self._stack.aclose()

    async def cycle(self, number: int) -> str:
        """Run one; return its thread."""
        thread = f"cycle-{number}"
        asked = await self._graph.ainvoke(
            {"message": "Please go on, but ask responder first"}, _config(thread)
        )
        if not asked["__interrupt__"]:
            raise RuntimeError(f"{thread} asked nothing.")
        await self._graph.ainvoke(Command(resume="yes"), _config(thread))
        return thread

    async def is_done(self, thread: str) -> bool:
        """Return whether the stored thread has its reply and nothing left to run."""
        state = await self._graph.aget_state(_config(thread))
        return state.values.get("reply") == "Thank you, done." and not state.next


def _config(thread: str) -> Any:
    return {"configurable": {"thread_id": thread}}
