"""A server of `bench.chat` in a process of its own, which does and tells what it is asked."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.chat_server import PEOPLE_FILE


@dataclass(kw_only=True)
class Server:
    """A server in a process of its own."""

    process: subprocess.Popen[str]
    port: int
    folder: Path

    def ask(self, what: str) -> Any:
        """Have it do or tell something; return its answer."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(what + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def people(self, number: int) -> Sequence[tuple[str, str]]:
        """Have it keep so many people; return each one's access token and session."""
        self.ask(f"people {number}")
        return [(token, id_) for token, id_ in json.loads((self.folder / PEOPLE_FILE).read_text())]


@contextmanager
def running(which: str, folder: Path) -> Iterator[Server]:
    """Run one contender on an empty database."""
    log = folder / "stderr.log"
    with log.open("w") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "bench.chat_server", which, str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield Server(process=process, port=int(process.stdout.readline()), folder=folder)
            process.stdin.close()
            process.wait(30)
        finally:
            process.kill()
            process.wait()
    if log.stat().st_size:
        print(f"The server wrote to its standard error:\n{log.read_text()[-2000:]}")
