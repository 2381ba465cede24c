"""What a server writes to its stdout, however large, damaged or foreign it is."""

from __future__ import annotations

import resource
from pathlib import Path

import anyio
import pytest

from mcp_toolweaver.core.errors import Unavailable
from mcp_toolweaver.core.tools import ToolResult
from mcp_toolweaver.proxy.downstream import Downstream
from mcp_toolweaver.proxy.log_file import log_path, set_log_folder
from tests.unit.proxy.children import PATIENCE, wild_server

pytestmark = pytest.mark.anyio

MIB = 1024 * 1024


@pytest.fixture(autouse=True)
async def log(tmp_path: Path) -> Path:
    """Let logs lie in a folder of the test; return the file of the server.

    It is a fixture of the event loop, since a context variable that is set elsewhere is not seen there.
    """
    set_log_folder(tmp_path)
    return log_path(tmp_path, "wild")


def written(log: Path) -> str:
    return log.read_text(encoding="utf-8")


def text_of(result: ToolResult) -> str:
    text: str = result.payload["content"][0]["text"]
    return text


async def is_usable(downstream: Downstream) -> bool:
    return text_of(await downstream.call_tool("echo", {})) == "echo"


@pytest.mark.parametrize("first", [True, False], ids=["id first", "id last"])
async def test_a_frame_that_is_too_large_is_answered_with_an_error(*, first: bool, log: Path) -> None:
    with anyio.fail_after(PATIENCE):
        async with wild_server(max_frame_bytes=2 * MIB) as downstream:
            result = await downstream.call_tool("large", {"size": 4 * MIB, "first": first})
            assert await is_usable(downstream)
    assert result.is_error
    assert "too large (4.0 MiB; the limit is 2.0 MiB)" in text_of(result)
    assert "maxFrameBytes" in text_of(result)
    assert "too large (4.0 MiB" in written(log)


async def test_a_large_frame_within_the_limit_comes_whole() -> None:
    with anyio.fail_after(PATIENCE):
        async with wild_server() as downstream:
            result = await downstream.call_tool("large", {"size": 8 * MIB})
            assert await is_usable(downstream)
    assert text_of(result) == 'x"y}' * (13_107 * 128)


async def test_50_megabytes_are_answered_without_being_kept() -> None:
    with anyio.fail_after(PATIENCE):
        async with wild_server() as downstream:
            assert await is_usable(downstream)
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            result = await downstream.call_tool("large", {"size": 50 * MIB, "first": False})
            grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
            assert await is_usable(downstream)
    assert "50.0 MiB" in text_of(result)
    assert grown < 100 * 1024  # in KiB


async def test_a_frame_that_never_ends_is_answered_as_soon_as_it_is_far_too_large() -> None:
    with anyio.fail_after(PATIENCE):
        async with wild_server(max_frame_bytes=65_536) as downstream:
            result = await downstream.call_tool("raw", {"text": '{"id":ID,"result":{"a":"' + "x" * 300_000})
    assert "more than 2" in text_of(result)


async def test_an_endless_frame_is_bounded_and_read_on() -> None:
    with anyio.fail_after(PATIENCE):
        async with wild_server(max_frame_bytes=65_536, call_timeout=1) as downstream:
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            result = await downstream.call_tool("unended", {})
            await anyio.sleep(0.5)
            grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert result.is_error
    assert grown < 50 * 1024


async def test_a_dropped_message_that_answers_nothing_is_noted(log: Path) -> None:
    note = '{"jsonrpc":"2.0","method":"notifications/message","params":"' + "x" * 70_000 + '"}\n'
    with anyio.fail_after(PATIENCE):
        async with wild_server(max_frame_bytes=65_536) as downstream:
            result = await downstream.call_tool(
                "raw", {"text": note + '{"jsonrpc":"2.0","id":ID,"result":{"content":[]}}\n'}
            )
    assert not result.is_error
    assert "dropped a message of 70062 bytes" in written(log)


async def test_noise_is_counted_and_the_first_lines_are_shown(log: Path) -> None:
    with anyio.fail_after(PATIENCE):
        async with wild_server() as downstream:
            noise = {"text": "Starting \x1b[31mup\n\n[1, 2]\n{not json}\n\xff\xfe\n5\n", "times": 1000}
            with anyio.move_on_after(0.2):
                await downstream.call_tool("raw", noise)
            assert await is_usable(downstream)
    lines = written(log).splitlines()
    assert len([line for line in lines if "is no message" in line]) == 5
    assert any(line.endswith("no message: Starting up") for line in lines)
    assert "5000 lines on its stdout were no messages" in lines[-1]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ('{"jsonrpc":"2.0","id":ID,"result":{"content":[{"type":"text","text":"caf\xe9"}]}}\n', "caf\ufffd"),
        ('{"jsonrpc":"2.0","id":ID,"result":{"content":[{"type":"text","text":"a\\ud83d!"}]}}\n', "a?!"),
        ('{"jsonrpc":"2.0","id":ID,"result":{"content":[{"type":"text","text":"x"}]}}\r\n', "x"),
        ('{"jsonrpc":"2.0","id":ID,"result":{"content":[}}\n', "not valid JSON ("),
        ('{"jsonrpc":"2.0","result":' + "[" * 5000 + "]" * 5000 + ',"id":ID}\n', "not valid JSON ("),
        ('{"jsonrpc":"2.0","id":ID,"result":"no object"}\n', "not valid JSON-RPC"),
        ('{"id":ID,"result":{}}\n', "not valid JSON-RPC"),
    ],
)
async def test_a_damaged_answer_is_mended_or_ends_its_call_at_once(answer: str, said: str) -> None:
    with anyio.fail_after(PATIENCE):
        async with wild_server() as downstream:
            result = await downstream.call_tool("raw", {"text": answer})
            assert await is_usable(downstream)
    assert said in text_of(result)


async def test_each_message_of_a_batch_is_delivered() -> None:
    with anyio.fail_after(PATIENCE):
        async with wild_server() as downstream:
            assert text_of(await downstream.call_tool("batch", {})) == "of a batch"


async def test_a_server_that_does_not_read_holds_only_its_own_calls() -> None:
    """Also a call that is cancelled while its bytes are half written; the server gets whole frames or nothing."""
    with anyio.fail_after(PATIENCE):
        async with wild_server(call_timeout=1) as deaf, wild_server() as other:
            await deaf.call_tool("deaf", {})
            async with anyio.create_task_group() as tasks:
                for _ in range(3):
                    tasks.start_soon(_gives_up, deaf)
                assert await is_usable(other)


async def _gives_up(downstream: Downstream) -> None:
    with pytest.raises(Unavailable):
        await downstream.call_tool("echo", {"text": "x" * MIB})


async def test_lone_surrogates_in_arguments_do_not_break_the_connection() -> None:
    with anyio.fail_after(PATIENCE):
        async with wild_server() as downstream:
            await downstream.call_tool("echo", {"text": "a\ud83db"})
            assert await is_usable(downstream)
