"""A downstream server that is a child process: how it is reached, lost, and reported."""

import logging
import sys
import threading
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import anyio
import pytest

from mcp_toolweaver.core.errors import DeadlineExceeded, Unavailable
from mcp_toolweaver.proxy import transports
from mcp_toolweaver.proxy.connecting import connect
from mcp_toolweaver.proxy.server_log import ServerLog
from tests.unit.proxy.children import PATIENCE, executed, lines_of, names_of, raw_server, until_gone

pytestmark = pytest.mark.anyio

WELL_FORMED = ["echo", "rich", "liar", "refuse", "crash", "hang", "grow", "leave", "empty"]


@pytest.fixture
def pids(tmp_path: Path) -> Path:
    """Return the file that servers write their process ids to."""
    return tmp_path / "pids"


async def failure_of(*arguments: object, **options: object) -> Unavailable:
    """Return the error of a connection that cannot be made."""
    with anyio.fail_after(PATIENCE), pytest.raises(Unavailable) as refused:
        async with raw_server(*arguments, **options):
            pass
    assert refused.value.part == "server 'raw'"
    return refused.value


async def test_a_server_lists_its_tools_as_it_defined_them(pids: Path) -> None:
    with anyio.fail_after(PATIENCE):
        async with raw_server("--pid", pids) as downstream:
            tools = await downstream.list_tools()
        await until_gone(pids)
    assert [tool.id.name for tool in tools] == WELL_FORMED
    echo = tools[0]
    assert (echo.description, echo.server_description) == ("Say it again.", "A server for tests.")
    assert echo.input_schema["required"] == ["text"]
    assert echo.is_callable
    assert "outputSchema" in tools[2].definition


async def test_a_server_that_exits_at_once_is_unavailable_in_its_own_last_words(pids: Path) -> None:
    error = await failure_of("--pid", pids, "--exit-at-once")
    assert "raw_stdio: fatal: API_KEY is not set" in str(error)
    assert "before the handshake" in str(error)
    await until_gone(pids)


@pytest.mark.parametrize("command", ["no-such-command-here", "/no/such/command"])
async def test_a_command_that_is_not_there_is_named(command: str) -> None:
    error = await failure_of(command=command)
    assert f"'{command}' was not found" in str(error)


async def test_a_command_that_may_not_be_executed_is_named(tmp_path: Path) -> None:
    text = tmp_path / "text.txt"
    text.write_text("no program", encoding="utf-8")
    error = await failure_of(command=str(text))
    assert str(text) in str(error)
    assert "permission denied" in str(error)


async def test_a_folder_to_start_in_that_is_not_there_is_not_reported_as_the_command(tmp_path: Path) -> None:
    folder = tmp_path / "nowhere"
    error = await failure_of(cwd=str(folder))
    assert str(folder) in str(error)
    assert "the command" not in str(error)


async def test_the_environment_and_the_folder_of_the_configuration_reach_the_server(tmp_path: Path) -> None:
    program = "import os, sys; sys.exit(os.environ['TEST_SECRET'] + ' in ' + os.path.basename(os.getcwd()))"
    options = {"command": sys.executable, "args": ["-c", program], "env": {"TEST_SECRET": "s3"}, "cwd": str(tmp_path)}
    error = await failure_of(**options)
    assert f"s3 in {tmp_path.name}" in str(error)


@pytest.mark.parametrize("method", ["initialize", "server/discover"])
async def test_a_server_that_hangs_in_the_handshake_is_given_up_and_ended(pids: Path, method: str) -> None:
    with anyio.fail_after(PATIENCE):
        error = await failure_of("--pid", pids, "--hang-at", method, connect_timeout=0.4)
    assert isinstance(error, DeadlineExceeded)
    assert "within 0.4 s" in str(error)
    assert len(lines_of(pids)) == 1
    await until_gone(pids)


async def test_a_server_that_dies_of_the_question_for_its_protocol_is_greeted_in_the_old_way(
    tmp_path: Path, pids: Path
) -> None:
    methods = tmp_path / "methods"
    with anyio.fail_after(PATIENCE):
        async with raw_server("--pid", pids, "--methods", methods, "--die-at", "server/discover") as downstream:
            assert await names_of(downstream) == WELL_FORMED
            result = await downstream.call_tool("echo", {"text": "hi"})
    assert not result.is_error
    assert lines_of(methods)[:2] == ["server/discover", "initialize"]
    assert len(lines_of(pids)) == 2
    await until_gone(pids)


async def test_a_server_that_dies_of_the_handshake_is_unavailable_and_not_started_a_third_time(pids: Path) -> None:
    error = await failure_of("--pid", pids, "--die-at", "initialize")
    assert "I do not know that question" in str(error)
    assert len(lines_of(pids)) <= 2
    await until_gone(pids)


async def test_a_server_that_dies_of_being_listed_is_unavailable() -> None:
    with anyio.fail_after(PATIENCE), pytest.raises(Unavailable, match="listing its tools failed"):
        async with raw_server("--die-at", "tools/list") as downstream:
            await downstream.list_tools()


async def test_a_server_that_hangs_when_listed_is_given_up() -> None:
    with anyio.fail_after(PATIENCE), pytest.raises(Unavailable, match="did not list"):
        async with raw_server("--hang-at", "tools/list", connect_timeout=2) as downstream:
            await downstream.list_tools()


async def test_malformed_tools_are_left_out_and_the_rest_is_listed(caplog: pytest.LogCaptureFixture) -> None:
    with anyio.fail_after(PATIENCE):
        async with raw_server("--malformed") as downstream:
            tools = {tool.id.name: tool for tool in await downstream.list_tools()}
            assert list(tools) == [*WELL_FORMED, "typeless", "trimmed"]
            assert await names_of(downstream) == list(tools)
    assert tools["typeless"].input_schema == {"type": "object", "properties": {"a": {}}}
    assert "icons" not in tools["trimmed"].definition
    assert tools["trimmed"].description == "Its icons are wrong."
    warnings = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert len(warnings) == 2 * 3
    assert all(warning.startswith("raw: left out: ") for warning in warnings)
    assert any("'listed'" in warning for warning in warnings)


@pytest.mark.parametrize("size", [1, 4, 100])
async def test_all_pages_of_a_list_are_read(size: int) -> None:
    with anyio.fail_after(PATIENCE):
        async with raw_server("--page-size", size) as downstream:
            assert await names_of(downstream) == WELL_FORMED


async def test_malformed_tools_are_left_out_of_each_page() -> None:
    with anyio.fail_after(PATIENCE):
        async with raw_server("--malformed", "--page-size", 2) as downstream:
            assert await names_of(downstream) == [*WELL_FORMED, "typeless", "trimmed"]


async def test_a_changed_list_is_news() -> None:
    with anyio.fail_after(PATIENCE):
        async with raw_server() as downstream:
            assert "grown" not in await names_of(downstream)
            await downstream.call_tool("grow", {})
            await downstream.wait_changed()
            assert "grown" in await names_of(downstream)


async def test_there_is_no_news_while_nothing_changes() -> None:
    with anyio.fail_after(PATIENCE):
        async with raw_server() as downstream:
            await downstream.call_tool("echo", {"text": "x"})
            with anyio.move_on_after(0.1) as waiting:
                await downstream.wait_changed()
            assert waiting.cancelled_caught


async def test_the_end_of_a_server_is_news_and_makes_it_unavailable(pids: Path) -> None:
    with anyio.fail_after(PATIENCE):
        async with raw_server("--pid", pids) as downstream:
            assert not (await downstream.call_tool("leave", {})).is_error
            with pytest.raises(Unavailable, match="connection was closed by the server"):
                await downstream.wait_changed()
    await until_gone(pids)


async def test_a_call_after_the_end_of_a_server_is_unavailable(tmp_path: Path) -> None:
    ledger = tmp_path / "ledger"
    with anyio.fail_after(PATIENCE):
        async with raw_server("--ledger", ledger) as downstream:
            await downstream.call_tool("leave", {})
            with pytest.raises(Unavailable):
                await downstream.wait_changed()
            with pytest.raises(Unavailable):
                await downstream.call_tool("echo", {"text": "x"})
    assert executed(ledger) == ["leave"]


async def test_a_call_over_a_connection_that_was_left_is_unavailable() -> None:
    with anyio.fail_after(PATIENCE):
        async with raw_server() as downstream:
            pass
        with pytest.raises(Unavailable):
            await downstream.call_tool("echo", {"text": "x"})


async def test_noise_on_stdout_and_a_flood_on_stderr_do_no_harm() -> None:
    with anyio.fail_after(PATIENCE):
        async with raw_server("--noise", "--flood") as downstream:
            assert await names_of(downstream) == WELL_FORMED
            assert not (await downstream.call_tool("echo", {"text": "x"})).is_error


async def test_noise_that_is_no_text_does_no_harm() -> None:
    with anyio.fail_after(PATIENCE):
        async with raw_server("--bad-utf8", connect_timeout=2) as downstream:
            assert await names_of(downstream) == WELL_FORMED


async def test_the_last_words_of_a_server_are_waited_for_outside_the_event_loop() -> None:
    """Waiting for them takes a moment; many failing servers must not take turns at it."""
    threads: list[int] = []

    def last_words() -> str:
        threads.append(threading.get_ident())
        return "that was all"

    def transport() -> AbstractAsyncContextManager[Any]:
        return transports.stdio("/no/such/command", [], {}, None, ServerLog("none"))

    with pytest.raises(Unavailable, match="that was all"):
        async with connect("none", transport, connect_timeout=5, call_timeout=5, last_words=last_words):
            pass
    assert threads
    assert threading.get_ident() not in threads


async def test_a_caller_that_gives_up_while_connecting_leaves_no_process(pids: Path) -> None:
    with anyio.move_on_after(PATIENCE) as scope:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_open_for_ever, pids)
            while not lines_of(pids):
                await anyio.sleep(0.005)
            tasks.cancel_scope.cancel()
    assert not scope.cancelled_caught
    await until_gone(pids)


async def _open_for_ever(pids: Path) -> None:
    async with raw_server("--pid", pids, "--hang-at", "initialize"):
        raise AssertionError("the handshake cannot have been done")
