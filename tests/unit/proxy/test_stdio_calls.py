"""A call reaches a downstream server at most once, and its result comes back whole."""

from functools import partial
from pathlib import Path

import anyio
import pytest

from mcp_toolweaver.core.errors import DeadlineExceeded, Unavailable
from mcp_toolweaver.proxy.downstream import Downstream
from tests.unit.proxy.children import PATIENCE, executed, lines_of, raw_server

pytestmark = pytest.mark.anyio


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    """Return the file that a server writes each call to."""
    return tmp_path / "ledger"


async def test_a_call_is_executed_once_with_its_arguments(ledger: Path) -> None:
    with anyio.fail_after(PATIENCE):
        async with raw_server("--ledger", ledger) as downstream:
            result = await downstream.call_tool("echo", {"text": "grüße 👋", "more": [1, None, {"a": 0.5}]})
    assert lines_of(ledger) == [
        '{"tool": "echo", "arguments": {"text": "gr\\u00fc\\u00dfe \\ud83d\\udc4b", "more": [1, null, {"a": 0.5}]}}'
    ]
    assert not result.is_error
    assert result.payload["content"][0]["text"].startswith("echo: {")


async def test_every_part_of_a_result_passes_but_the_meta_keys_of_the_connection() -> None:
    with anyio.fail_after(PATIENCE):
        async with raw_server() as downstream:
            result = await downstream.call_tool("rich", {})
    payload = dict(result.payload)
    text, image = payload.pop("content")
    assert text == {"type": "text", "text": "half done"}
    assert (image["type"], image["mimeType"], image["data"][:8]) == ("image", "image/png", "iVBORw0K")
    assert payload == {
        "structuredContent": {"done": 0.5, "nested": {"list": [1, None, "x"]}},
        "isError": True,
        "_meta": {"example.com/trace": "t-1"},
    }
    assert result.is_error


async def test_a_result_that_breaks_its_own_output_schema_still_passes(tmp_path: Path) -> None:
    methods = tmp_path / "methods"
    with anyio.fail_after(PATIENCE):
        async with raw_server("--methods", methods) as downstream:
            await downstream.list_tools()
            result = await downstream.call_tool("liar", {})
    assert result.payload["structuredContent"] == {"number": "seven"}
    assert not result.is_error
    assert lines_of(methods).count("tools/list") == 1


async def test_a_protocol_error_of_a_call_becomes_an_error_result_with_its_message(ledger: Path) -> None:
    with anyio.fail_after(PATIENCE):
        async with raw_server("--ledger", ledger) as downstream:
            result = await downstream.call_tool("refuse", {})
            again = await downstream.call_tool("echo", {"text": "still there"})
    assert result.is_error
    (block,) = result.payload["content"]
    assert "the moon is in the wrong phase" in block["text"]
    assert "-32042" in block["text"]
    assert not again.is_error
    assert executed(ledger) == ["refuse", "echo"]


async def test_a_result_that_is_not_valid_is_an_error_result_that_says_the_tool_ran(ledger: Path) -> None:
    with anyio.fail_after(PATIENCE):
        async with raw_server("--ledger", ledger) as downstream:
            result = await downstream.call_tool("empty", {})
    assert result.is_error
    assert "ran 'empty'" in result.payload["content"][0]["text"]
    assert executed(ledger) == ["empty"]


async def test_a_server_that_crashes_in_a_call_is_not_called_again(ledger: Path) -> None:
    with anyio.fail_after(PATIENCE):
        async with raw_server("--ledger", ledger) as downstream:
            with pytest.raises(Unavailable, match="not repeated") as lost:
                await downstream.call_tool("crash", {"amount": 100})
            with pytest.raises(Unavailable, match="closed"):
                await downstream.wait_changed()
    assert lost.value.part == "server 'raw'"
    assert "whether it took effect is unknown" in str(lost.value)
    assert executed(ledger) == ["crash"]


async def test_all_calls_under_way_fail_when_their_server_crashes(ledger: Path) -> None:
    outcomes: list[str] = []
    with anyio.fail_after(PATIENCE):
        async with raw_server("--ledger", ledger) as downstream:

            async def call(name: str) -> None:
                with pytest.raises(Unavailable) as lost:
                    await downstream.call_tool(name, {})
                outcomes.append(str(lost.value))

            async with anyio.create_task_group() as tasks:
                for _ in range(5):
                    tasks.start_soon(call, "hang")
                while len(executed(ledger)) < 5:
                    await anyio.sleep(0.005)
                tasks.start_soon(call, "crash")
    assert len(outcomes) == 6
    assert all("not repeated" in outcome for outcome in outcomes)
    assert executed(ledger) == ["hang"] * 5 + ["crash"]


async def test_a_call_under_way_when_its_connection_is_left_is_unavailable(ledger: Path) -> None:
    outcomes: list[str] = []
    with anyio.fail_after(PATIENCE):
        async with anyio.create_task_group() as tasks:

            async def call(downstream: Downstream) -> None:
                with pytest.raises(Unavailable) as lost:
                    await downstream.call_tool("hang", {})
                outcomes.append(str(lost.value))

            async with raw_server("--ledger", ledger) as downstream:
                tasks.start_soon(call, downstream)
                while not executed(ledger):
                    await anyio.sleep(0.005)
    assert ["not repeated" in outcome for outcome in outcomes] == [True]
    assert executed(ledger) == ["hang"]


async def test_a_call_that_takes_too_long_is_given_up_and_the_server_told(ledger: Path, tmp_path: Path) -> None:
    methods = tmp_path / "methods"
    with anyio.fail_after(PATIENCE):
        async with raw_server("--ledger", ledger, "--methods", methods, call_timeout=0.4) as downstream:
            with pytest.raises(DeadlineExceeded, match="whether it took effect is unknown"):
                await downstream.call_tool("hang", {})
            assert not (await downstream.call_tool("echo", {"text": "next"})).is_error
    assert executed(ledger) == ["hang", "echo"]
    assert "notifications/cancelled" in lines_of(methods)


async def test_a_connection_may_live_longer_than_it_may_take_to_make() -> None:
    with anyio.fail_after(PATIENCE):
        async with raw_server(connect_timeout=2, call_timeout=2.2) as downstream:
            with pytest.raises(DeadlineExceeded):
                await downstream.call_tool("hang", {})
            assert not (await downstream.call_tool("echo", {"text": "still there"})).is_error


async def test_a_cancelled_call_leaves_the_connection_usable(ledger: Path, tmp_path: Path) -> None:
    methods = tmp_path / "methods"
    with anyio.fail_after(PATIENCE):
        async with raw_server("--ledger", ledger, "--methods", methods) as downstream:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(partial(downstream.call_tool, "hang", {}))
                while not executed(ledger):
                    await anyio.sleep(0.005)
                tasks.cancel_scope.cancel()
            assert not (await downstream.call_tool("echo", {"text": "next"})).is_error
    assert executed(ledger) == ["hang", "echo"]
    assert "notifications/cancelled" in lines_of(methods)


async def test_calls_at_the_same_time_get_their_own_answers(ledger: Path) -> None:
    answers: dict[int, str] = {}
    with anyio.fail_after(PATIENCE):
        async with raw_server("--ledger", ledger) as downstream:

            async def call(number: int) -> None:
                result = await downstream.call_tool("echo", {"text": f"nonce {number}"})
                answers[number] = result.payload["content"][0]["text"]

            async with anyio.create_task_group() as tasks:
                for number in range(50):
                    tasks.start_soon(call, number)
    assert answers == {number: f'echo: {{"text": "nonce {number}"}}' for number in range(50)}
    assert executed(ledger) == ["echo"] * 50
