"""A server in a process of its own: started, asked until it answers, weighed, stopped."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

PATIENCE = 30.0
SETTLING = 1.0
"""Seconds between the first answer and the weighing: what starts in the background is in then."""
KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "SYSTEMROOT", "LD_LIBRARY_PATH")
"""Variables that a server gets; what this machine is configured with must not reach it."""


@dataclass(frozen=True, kw_only=True)
class Start:
    """What one start cost."""

    seconds: float
    """Until the first answer of /health, from before the process was made."""
    rss_mib: float
    errors: str
    """What it wrote to its standard error."""


def free_port() -> int:
    """Return a port that nothing listens on just now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def run_once(
    arguments: Sequence[str], port: int, folder: Path, variables: Mapping[str, str]
) -> Start:
    """Start `python *arguments`, wait for its first answer, weigh it, stop it."""
    environment = {name: os.environ[name] for name in KEPT if name in os.environ}
    # The folder is the working directory, so that no .env is read.
    environment |= {"PYTHONPATH": str(Path.cwd()), "PYTHONUTF8": "1", **variables}
    log = folder / "stderr.log"
    with log.open("wb") as errors:
        start = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=folder,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=errors,
        )
        with _stopped(process):
            _await_answer(process, port, log)
            seconds = time.perf_counter() - start
            time.sleep(SETTLING)
            rss = rss_mib(process.pid)
    return Start(seconds=seconds, rss_mib=rss, errors=log.read_text("utf-8", "replace"))


@contextlib.contextmanager
def _stopped(process: subprocess.Popen[bytes]) -> Iterator[None]:
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _await_answer(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.perf_counter() + PATIENCE
    while time.perf_counter() < deadline and process.poll() is None:
        with (
            contextlib.suppress(urllib.error.URLError, ConnectionError),
            urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5) as answer,
        ):
            if answer.status == 200:
                return
        time.sleep(0.01)
    sys.exit(f"The server did not answer:\n{log.read_text('utf-8', 'replace')[-2000:]}")


def rss_mib(pid: int) -> float:
    """Return a process's resident memory; `ps` tells it in KiB on Linux and macOS."""
    told = subprocess.run(
        ["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, text=True, check=True
    )
    return int(told.stdout) / 1024
