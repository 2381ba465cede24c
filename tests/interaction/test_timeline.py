"""``toolweaver serve --timeline`` tells each step of the start, and the log says when it is complete."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from tests.interaction.servers import COMPANY, SERVE, environment, write_config

HELLO: dict[str, Any] = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}},
}
STEPS = ["handshake answered", "searchable by words", "index in step", "primed"]


def started(folder: Path, *options: str) -> tuple[list[str], list[str]]:
    """Return what a start by words alone writes to stdout, and to stderr."""
    config = write_config(folder, {}, sources=[COMPANY])
    with subprocess.Popen(
        [*SERVE, "--config", str(config), *options],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(folder),
    ) as process:
        assert process.stdin
        assert process.stdout
        assert process.stderr
        process.stdin.write(json.dumps(HELLO) + "\n")
        process.stdin.flush()
        heard = list(_until(process.stderr, "start-up took"))
        process.stdin.close()
        return process.stdout.read().splitlines(), heard


def _until(stream: IO[str], end: str) -> Iterator[str]:
    for line in stream:
        yield line.rstrip("\n")
        if end in line:
            return


def test_each_step_is_told_on_stderr_and_stdout_is_for_the_protocol_only(tmp_path: Path) -> None:
    answers, heard = started(tmp_path, "--timeline")
    told = [found for line in heard if (found := re.fullmatch(r" *(\d+\.\d\d) s  (.+)", line))]
    assert [match[2] for match in told] == STEPS
    seconds = [float(match[1]) for match in told]
    assert seconds == sorted(seconds)
    assert all(f"{step} {match[1]} s" in heard[-1] for step, match in zip(STEPS, told, strict=True))
    assert [json.loads(answer)["id"] for answer in answers] == [1]


def test_without_being_asked_only_the_log_says_when_the_start_is_complete(tmp_path: Path) -> None:
    _answers, heard = started(tmp_path)
    assert all(line.startswith("toolweaver: INFO: ") for line in heard)
    assert re.fullmatch(r"toolweaver: INFO: start-up took \d+\.\d\d s: .+", heard[-1])
