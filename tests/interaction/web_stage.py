"""Toolweaver serving HTTP as a process, for tests."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.interaction.servers import SERVE, environment

_STARTING = 60.0
_ENDING = 60.0
_URL = re.compile(r"serving MCP at (http://\S+)/mcp")


@dataclass(frozen=True, slots=True)
class Served:
    """A Toolweaver that serves HTTP."""

    process: subprocess.Popen[bytes]
    url: str
    """Without a path."""
    log: Path

    def ready(self) -> httpx.Response:
        """Return the answer of ``/readyz`` once it is ready."""
        deadline = time.monotonic() + _STARTING
        while (answer := httpx.get(f"{self.url}/readyz")).status_code != 200:
            assert time.monotonic() < deadline, answer.text
            time.sleep(0.05)
        return answer

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal and return the exit status."""
        self.process.send_signal(how)
        return self.process.wait(_ENDING)


@contextmanager
def served(config: Path, *options: str, **more: str) -> Generator[Served]:
    """Start ``toolweaver serve --http`` on a free port, and end it afterwards."""
    log = config.parent / "served.txt"
    command = [*SERVE, "--config", str(config), *(options or ("--http", "127.0.0.1:0"))]
    with log.open("wb") as errors:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=errors, stderr=errors, env=environment(config.parent, **more)
        )
    try:
        yield Served(process, _url(process, log), log)
    finally:
        if process.poll() is None:
            process.terminate()
        process.wait(_ENDING)


def message_of(answer: httpx.Response) -> Any:
    """Return the last message of an answer, whether it is one or a stream of events."""
    if not answer.headers["content-type"].startswith("text/event-stream"):
        return answer.json()
    events = [line.removeprefix("data:") for line in answer.text.splitlines() if line.startswith("data:")]
    return json.loads(next(event for event in reversed(events) if event.strip()))


def refusal(config: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run a ``toolweaver serve`` that is to refuse."""
    command: Sequence[str] = [*SERVE, "--config", str(config), *options]
    return subprocess.run(
        command, capture_output=True, text=True, env=environment(config.parent), timeout=_STARTING, check=False
    )


def _url(process: subprocess.Popen[bytes], log: Path) -> str:
    deadline = time.monotonic() + _STARTING
    while not (found := _URL.search(log.read_text(encoding="utf-8"))):
        assert process.poll() is None, log.read_text(encoding="utf-8")
        assert time.monotonic() < deadline, log.read_text(encoding="utf-8")
        time.sleep(0.02)
    return found[1]
