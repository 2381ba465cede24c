"""A child process and all that descends from it: watched, ended, and logged."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

import anyio
import pytest

from mcp_toolweaver.core.errors import Unavailable
from mcp_toolweaver.proxy.guard import GUARD
from mcp_toolweaver.proxy.log_file import LARGEST_LOG, log_path, older, set_log_folder
from tests.unit.proxy.children import PATIENCE, lines_of, until_gone, wild_server

pytestmark = pytest.mark.anyio

MIB = 1024 * 1024


@pytest.fixture
def pids(tmp_path: Path) -> Path:
    """Return the file that servers write their process ids to."""
    return tmp_path / "pids"


@pytest.fixture(autouse=True)
async def log(tmp_path: Path) -> Path:
    """Let logs lie in a folder of the test; return the file of the server.

    It is a fixture of the event loop, since a context variable that is set elsewhere is not seen there.
    """
    set_log_folder(tmp_path)
    return log_path(tmp_path, "wild")


def written(log: Path) -> str:
    return log.read_text(encoding="utf-8")


async def two_in(pids: Path) -> None:
    """Return when both descendants have told their numbers."""
    while len(lines_of(pids)) < 2:
        await anyio.sleep(0.005)


def runs(pid: str) -> bool:
    """Whether a process runs; one that ended may stay in the table until it is reaped, which may not be for us."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.parametrize("deaf", [False, True], ids=["plain", "deaf to SIGTERM"])
async def test_the_stop_ends_what_left_the_group_too(*, pids: Path, deaf: bool) -> None:
    with anyio.fail_after(PATIENCE):
        async with wild_server() as downstream:
            await downstream.call_tool("orphan", {"pids": str(pids), "deaf": deaf})
            await two_in(pids)
            left = anyio.current_time()
        assert anyio.current_time() - left < 5
    assert [pid for pid in lines_of(pids) if runs(pid)] == []


async def test_a_child_that_hears_neither_the_end_of_stdin_nor_sigterm_is_ended_within_5_seconds(log: Path) -> None:
    with anyio.fail_after(PATIENCE):
        async with wild_server() as downstream:
            await downstream.call_tool("deaf", {})
            left = anyio.current_time()
        assert anyio.current_time() - left < 5
    assert lines_of(log)[-1].endswith("# ended: signal SIGKILL")


async def test_the_end_of_a_child_is_noticed_at_once_though_a_descendant_holds_its_pipes(pids: Path) -> None:
    with anyio.fail_after(PATIENCE):
        async with wild_server() as downstream:
            await downstream.call_tool("orphan", {"pids": str(pids)})
            await two_in(pids)
            await downstream.call_tool("leave", {})
            with anyio.fail_after(2), pytest.raises(Unavailable, match="closed by the server"):
                await downstream.wait_changed()
            await until_gone(pids)  # they are ended while nobody has left the connection yet


async def test_an_exit_is_logged_with_its_status(log: Path) -> None:
    with anyio.fail_after(PATIENCE):
        async with wild_server() as downstream:
            await downstream.call_tool("leave", {})
            with pytest.raises(Unavailable):
                await downstream.wait_changed()
    first, *_, last = lines_of(log)
    assert "# started: process " in first
    assert last.endswith("# ended: status 7")


async def test_a_flood_of_stderr_costs_bounded_disk_and_its_end_is_kept(log: Path) -> None:
    with anyio.fail_after(60):
        async with wild_server(call_timeout=60) as downstream:
            await downstream.call_tool("scream", {"size": 200 * MIB})
            await downstream.call_tool("leave", {})
    text = written(log)
    assert sum(file.stat().st_size for file in (log, older(log)) if file.exists()) < 2 * LARGEST_LOG
    assert "bytes of stderr were left out" in text
    assert all(len(line) < 2100 for line in text.splitlines())


async def test_noise_on_stdout_is_read_no_faster_than_others_can_bear() -> None:
    """8 MiB a second: more would take the event loop from everybody else."""
    noise, answer = "noise " * 20_000 + "\n", '{"jsonrpc":"2.0","id":ID,"result":{"content":[]}}\n'
    with anyio.fail_after(PATIENCE):
        async with wild_server() as downstream:
            begun = anyio.current_time()
            await downstream.call_tool("raw", {"text": noise * 35 + answer})
            assert anyio.current_time() - begun > 0.4
            await downstream.call_tool("echo", {})


async def test_secrets_of_the_environment_are_in_no_log_and_no_message(log: Path) -> None:
    options = {"env": {"API_KEY": "s3cret-s3cret", "SHORT": "key"}}
    with anyio.fail_after(PATIENCE):
        async with wild_server(**options) as downstream:
            await downstream.call_tool("names", {})
        program = "import os, sys; sys.exit('bad key ' + os.environ['API_KEY'])"
        with pytest.raises(Unavailable, match=r"bad key \*\*\*"):
            async with wild_server(**options, command=sys.executable, args=["-c", program]):
                pass
    text = written(log)
    assert "| the key is ***" in text
    assert "s3cret" not in text


async def test_a_guard_that_is_killed_is_replaced_and_ends_with_the_last_child() -> None:
    with anyio.fail_after(PATIENCE):
        async with wild_server():
            first = await another_guard(None)
            os.kill(first, signal.SIGKILL)
            second = await another_guard(first)
        await until_no_guard()
        while runs(str(second)):
            await anyio.sleep(0.01)


async def another_guard(than: int | None) -> int:
    """Return the number of a guard that is not this one."""
    while GUARD.pid in {None, than}:
        await anyio.sleep(0.01)
    assert GUARD.pid is not None
    return GUARD.pid


async def until_no_guard() -> None:
    while GUARD.pid is not None:
        await anyio.sleep(0.01)


async def test_many_children_are_ended_at_the_same_time() -> None:
    with anyio.fail_after(30):
        async with anyio.create_task_group() as tasks:
            for _ in range(8):
                tasks.start_soon(_open_deaf)


async def _open_deaf() -> None:
    async with wild_server(connect_timeout=20) as downstream:
        await downstream.call_tool("deaf", {})
        left = time.monotonic()
    assert time.monotonic() - left < 6
