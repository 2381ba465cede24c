"""A downstream server at a URL: over streamable HTTP and over SSE."""

import socket
import subprocess
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import anyio
import pytest

from catalog_sources.mcp_server import open_source
from mcp_toolweaver.core.errors import DeadlineExceeded, Unavailable
from mcp_toolweaver.proxy.downstream import Downstream
from tests.unit.proxy.children import PATIENCE, web_server_process

pytestmark = pytest.mark.anyio

ENDPOINTS = [("http", "/mcp"), ("sse", "/sse")]


def remote(transport: str, url: str, connect_timeout: float = 10) -> AbstractAsyncContextManager[Downstream]:
    options = {"transport": transport, "url": url, "connect_timeout": connect_timeout, "call_timeout": 10}
    return open_source("web", options)


async def failure_of(transport: str, url: str, connect_timeout: float = 10) -> Unavailable:
    """Return the error of a connection that cannot be made."""
    with anyio.fail_after(PATIENCE), pytest.raises(Unavailable) as refused:
        async with remote(transport, url, connect_timeout):
            pass
    assert refused.value.part == "server 'web'"
    return refused.value


@asynccontextmanager
async def silent_port() -> AsyncGenerator[int]:
    """Yield a port that accepts connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


@pytest.mark.parametrize(("transport", "path"), ENDPOINTS)
async def test_tools_are_listed_and_called_over_the_web(web_server: str, transport: str, path: str) -> None:
    with anyio.fail_after(PATIENCE):
        async with remote(transport, web_server + path) as downstream:
            tools = await downstream.list_tools()
            result = await downstream.call_tool("add", {"a": 20, "b": 22})
            failed = await downstream.call_tool("fail", {})
    assert [(tool.id.server, tool.id.name, tool.description) for tool in tools] == [
        ("web", "add", "Add two numbers."),
        ("web", "fail", "Fail always."),
        ("web", "grow", "Add a tool, and say so in the way of either era."),
    ]
    assert {tool.server_description for tool in tools} == {"Arithmetic over the web."}
    assert result.payload["content"][0]["text"] == "42"
    assert result.payload["structuredContent"] == {"result": 42}
    assert "_meta" not in result.payload
    assert failed.is_error


@pytest.mark.parametrize(("transport", "path"), ENDPOINTS)
async def test_headers_of_the_configuration_are_sent(web_server: str, transport: str, path: str) -> None:
    options = {"transport": transport, "url": f"{web_server}/locked{path}", "headers": {"Authorization": "Bearer k3y"}}
    with anyio.fail_after(PATIENCE):
        async with open_source("web", options) as downstream:
            assert len(await downstream.list_tools()) == 3


@pytest.mark.parametrize(("transport", "path"), ENDPOINTS)
async def test_a_changed_list_is_news_over_the_web(transport: str, path: str) -> None:
    with web_server_process() as (_process, address):
        async with remote(transport, address + path) as downstream:
            before = len(await downstream.list_tools())
            await downstream.call_tool("grow", {})
            with anyio.move_on_after(3) as waiting:
                await downstream.wait_changed()
            assert len(await downstream.list_tools()) == before + 1
    assert not waiting.cancelled_caught


@pytest.mark.parametrize(("transport", "path"), ENDPOINTS)
async def test_an_address_where_nothing_listens_is_named(transport: str, path: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        url = f"http://127.0.0.1:{free.getsockname()[1]}{path}"
    error = await failure_of(transport, url)
    assert f"nothing answers at {url}" in str(error)


@pytest.mark.parametrize("transport", ["http", "sse"])
async def test_an_address_that_asks_for_a_login_says_so(web_server: str, transport: str) -> None:
    error = await failure_of(transport, f"{web_server}/locked")
    assert "login" in str(error)
    assert f"{web_server}/locked" in str(error)


@pytest.mark.parametrize("transport", ["http", "sse"])
async def test_an_address_that_is_not_there_is_named(web_server: str, transport: str) -> None:
    error = await failure_of(transport, f"{web_server}/nowhere")
    assert "404" in str(error)
    assert f"{web_server}/nowhere" in str(error)


@pytest.mark.parametrize("transport", ["http", "sse"])
async def test_an_address_that_answers_with_a_web_page_is_not_an_mcp_server(web_server: str, transport: str) -> None:
    error = await failure_of(transport, f"{web_server}/page")
    assert "text/html" in str(error)


@pytest.mark.parametrize("transport", ["http", "sse"])
async def test_an_address_that_never_answers_is_given_up(transport: str) -> None:
    async with silent_port() as port:
        error = await failure_of(transport, f"http://127.0.0.1:{port}/", connect_timeout=0.4)
    assert isinstance(error, DeadlineExceeded)
    assert "within 0.4 s" in str(error)


@pytest.mark.parametrize(("transport", "path"), ENDPOINTS)
async def test_a_call_to_a_server_that_went_away_is_unavailable(transport: str, path: str) -> None:
    with web_server_process() as (process, address):
        outcomes = await _outcomes_of_two_calls(process, transport, address + path)
    assert outcomes == ["42", "Unavailable"]


async def _outcomes_of_two_calls(process: subprocess.Popen[bytes], transport: str, url: str) -> list[str]:
    """Call once, end the server, and call again, as callers do: from another task than the owner's."""
    outcomes: list[str] = []
    opened, asked = anyio.Event(), anyio.Event()
    held: list[Downstream] = []

    async def own() -> None:
        try:
            async with remote(transport, url) as downstream:
                held.append(downstream)
                opened.set()
                await asked.wait()
        except Unavailable:
            opened.set()

    with anyio.fail_after(PATIENCE):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(own)
            await opened.wait()
            outcomes.append((await held[0].call_tool("add", {"a": 20, "b": 22})).payload["content"][0]["text"])
            process.kill()
            process.wait()
            try:
                outcomes.append(str((await held[0].call_tool("add", {"a": 1, "b": 1})).payload))
            except Exception as error:  # noqa: BLE001  its type is what is tested
                outcomes.append(type(error).__name__)
            asked.set()
    return outcomes
