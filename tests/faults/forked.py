"""Servers of the second composition root, forked from a process that has imported everything."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from typing import Any

from tests.faults.process import ROOT, Server
from tests.faults.server import CONTROL, TRAIL, run

_context = multiprocessing.get_context("forkserver")


class _Child:
    """A forked process with the few methods of asyncio's that `Server` uses."""

    def __init__(self, process: BaseProcess) -> None:
        self._process = process

    @property
    def pid(self) -> int | None:
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        return self._process.exitcode

    def send_signal(self, number: signal.Signals) -> None:
        if self._process.pid is not None:
            os.kill(self._process.pid, number)

    async def wait(self) -> int:
        # In this thread only: two that read how it ended would take it from each other.
        while (code := self.returncode) is None:  # noqa: ASYNC110 - nothing tells us
            await asyncio.sleep(0.005)
        return code


@dataclass
class ForkedServer(Server):
    """A server that can be told where to die."""

    async def spawn(self) -> None:
        """Fork the process, not waiting for it to serve."""
        os.environ.setdefault("PYTHONPATH", str(ROOT))
        _context.set_forkserver_preload(["tests.faults.server"])
        child = _context.Process(target=run, args=(self.environment, str(self.log)), daemon=True)
        child.start()  # here, since it also looks how the others ended
        process: Any = _Child(child)
        self.process = process
        self.starts += 1

    def aim(self, point: str, occurrence: int = 1, signal_name: str = "SIGKILL") -> None:
        """From now on count points, and die (or pause) at this one; `""` is none."""
        (self.data / TRAIL).unlink(missing_ok=True)
        control = self.data / CONTROL
        draft = control.with_suffix(".draft")
        draft.write_text(
            f'{{"point": "{point}", "occurrence": {occurrence}, "signal": "{signal_name}"}}'
        )
        draft.replace(control)

    def disarm(self) -> None:
        """Let the next start live."""
        (self.data / CONTROL).unlink(missing_ok=True)

    def trail(self) -> list[str]:
        """Return the points that were passed since `aim`."""
        path = self.data / TRAIL
        return path.read_text().splitlines() if path.exists() else []
