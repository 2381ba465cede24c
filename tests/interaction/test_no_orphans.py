"""However Toolweaver ends, nothing that it started is alive 5 s later."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.interaction.servers import ROOT, SERVE, environment, write_config

WILD = {"command": sys.executable, "args": ["-I", "-S", str(ROOT / "tests" / "downstreams" / "wild_stdio.py")]}


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
@pytest.mark.parametrize("deaf", [False, True], ids=["plain", "deaf to SIGTERM"])
def test_no_descendant_survives_us_by_5_seconds(*, tmp_path: Path, number: signal.Signals, deaf: bool) -> None:
    pids = tmp_path / "pids"
    config = write_config(tmp_path, {"wild": WILD, "other": WILD})
    with subprocess.Popen(
        [*SERVE, "--config", str(config)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment(tmp_path),
    ) as process:
        for server in ("wild", "other"):
            _call(process, f"{server}__orphan", {"pids": str(pids), "deaf": deaf})
        while len(pids.read_text().split()) < 4:
            time.sleep(0.01)
        marked = _marked(tmp_path)
        assert len(marked) == 2 + 4
        process.send_signal(number)
        process.wait(timeout=10)
        deadline = time.monotonic() + 5
        while (alive := [pid for pid in marked if _is_alive(pid)]) and time.monotonic() < deadline:
            time.sleep(0.02)
    assert alive == []
    assert _guards(tmp_path) == []


def _call(process: subprocess.Popen[bytes], name: str, arguments: dict[str, Any]) -> None:
    assert process.stdin is not None
    assert process.stdout is not None
    if name.startswith("wild"):
        client = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "test", "version": "0"}}
        _ask(process, "initialize", client)
        _ask(process, "tools/list", {})
    answer = _ask(process, "tools/call", {"name": "call_tool", "arguments": {"name": name, "arguments": arguments}})
    assert not answer["result"].get("isError"), answer


def _ask(process: subprocess.Popen[bytes], method: str, params: Any) -> Any:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode() + b"\n")
    process.stdin.flush()
    while (message := json.loads(process.stdout.readline())).get("id") != 1:
        pass
    return message


def _marked(folder: Path) -> list[int]:
    """Return the processes that descend from children of a Toolweaver of this test."""
    return [pid for pid in _of(folder) if b"\0TOOLWEAVER_CHILD=" in b"\0" + _read(pid, "environ")]


def _guards(folder: Path) -> list[int]:
    return [pid for pid in _of(folder) if b"marked.py" in _read(pid, "cmdline") and _is_alive(pid)]


def _of(folder: Path) -> list[int]:
    numbers = [int(entry.name) for entry in Path("/proc").glob("[0-9]*")]
    return [pid for pid in numbers if str(folder).encode() in _read(pid, "environ") and pid != os.getpid()]


def _read(pid: int, name: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes()
    except OSError:
        return b""


def _is_alive(pid: int) -> bool:
    return _read(pid, "stat").rpartition(b")")[2].split()[:1] not in ([], [b"Z"])
