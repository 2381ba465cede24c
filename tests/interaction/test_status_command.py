"""``toolweaver status`` says how each process that serves is doing."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import anyio
import pytest

from tests.interaction.servers import COMPANY, environment, host, write_config

pytestmark = pytest.mark.anyio

HANGS = {"command": sys.executable, "args": ["-c", "import time; time.sleep(60)"]}


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return write_config(tmp_path, {}, sources=[COMPANY])


async def status(config: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "mcp_toolweaver", "status", "--config", str(config), *options]
    env = {**environment(config.parent), "COLUMNS": "120"}
    return await anyio.to_thread.run_sync(
        lambda: subprocess.run(command, capture_output=True, text=True, env=env, timeout=60, check=False)
    )


async def seen(config: Path, *, processes: int = 1, code: int = 0) -> list[dict[str, Any]]:
    """Return the reports when there are so many, and the status is this one."""
    with anyio.fail_after(60):
        while True:
            done = await status(config, "--json")
            found: list[dict[str, Any]] = json.loads(done.stdout)
            if len(found) == processes and done.returncode == code:
                return found


async def test_where_nobody_serves_that_is_said(config: Path) -> None:
    for options in ((), ("--json",)):
        done = await status(config, *options)
        assert done.returncode == 1
        assert done.stdout.strip() == ("[]" if options else "")
        assert "no `toolweaver serve` is running" in done.stderr


async def test_each_process_that_serves_is_seen_for_as_long_as_it_does(config: Path) -> None:
    async with host(config):
        async with host(config) as client:
            one, other = await seen(config, processes=2)
            await client.call_tool("search_tools", {"query": "a question that stays between us"})
        assert one["pid"] != other["pid"]
        [left] = await seen(config)
        shown = await status(config)
        files = " ".join(path.read_text() for path in _run(config).iterdir())
    assert left["is_ready"]
    assert {step["state"] for step in left["steps"]} == {"done"}
    assert all(0 < step["seconds"] < 60 for step in left["steps"])
    assert (left["tools"], left["embedded"], left["engine"], left["degraded"]) == (398, 0, "memory", [])
    for said in (str(left["pid"]), "ready", "yes", "398", "handshake answered", "primed"):
        assert said in shown.stdout
    assert "between us" not in files
    assert list(_run(config).iterdir()) == []


async def test_a_process_that_was_killed_is_forgotten(config: Path) -> None:
    async with host(config):
        [report] = await seen(config)
        os.kill(report["pid"], signal.SIGKILL)
        await seen(config, processes=0, code=1)
    assert list(_run(config).iterdir()) == []


async def test_a_process_that_waits_for_a_server_is_not_ready_and_says_so(tmp_path: Path) -> None:
    config = write_config(tmp_path, {"slow": HANGS, "gone": {"command": "no-such-command-here"}}, sources=[COMPANY])
    async with host(config):
        with anyio.fail_after(60):
            while "gone" in _by_words(report := (await seen(config, code=1))[0])["reason"] or not report["degraded"]:
                await anyio.sleep(0.1)
    assert not report["is_ready"]
    words = _by_words(report)
    assert (words["state"], words["reason"]) == ("waits", "not listed yet: slow")
    assert report["degraded"] == ["servers not available: gone; `toolweaver list` says why"]


async def test_where_no_report_can_be_written_serving_goes_on(config: Path) -> None:
    _run(config).parent.mkdir(parents=True)
    _run(config).write_text("this is no folder")
    async with host(config) as client:
        found = await client.call_tool("search_tools", {"query": "refund a payment"})
        assert found.structured_content["tools"][0]["tool"] == "refund_payment"
        with anyio.fail_after(30):
            while "cannot be written" not in (config.parent / "stderr.txt").read_text():
                await anyio.sleep(0.05)


def _by_words(report: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = next(step for step in report["steps"] if step["step"] == "searchable by words")
    return found


def _run(config: Path) -> Path:
    return config.parent / "data" / "toolweaver" / "run"
