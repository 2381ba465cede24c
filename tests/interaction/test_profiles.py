"""Profiles through real hosts: what is outside of one does not exist, and what it forbids is said."""

from __future__ import annotations

import subprocess
from collections.abc import AsyncGenerator, Generator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import httpx2
import pytest
from mcp.client.client import Client
from mcp.client.sse import sse_client
from mcp.client.streamable_http import streamable_http_client

from tests.downstreams.misbehaving_web import MisbehavingWeb
from tests.interaction.servers import SERVE, TIME, environment, git_server, host, text_of, write_config
from tests.interaction.web_stage import Served, refusal, served

pytestmark = pytest.mark.anyio

SETTINGS: Mapping[str, Any] = {
    "expose": "search",
    "profiles": {
        "clock": {"allow": {"servers": ["time"]}},
        "look": {"effects": "read", "deny": {"tools": ["*convert*"]}},
        "empty": {"deny": {"servers": ["*"]}},
    },
    "effects": {"time__*": "read"},
}
COMMIT = {"name": "git__git_commit", "arguments": {"repo_path": ".", "message": "no"}}
NOW = {"name": "time__get_current_time", "arguments": {"timezone": "Asia/Tokyo"}}


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("profiles")
    return write_config(folder, {"time": TIME, "git": git_server(folder)}, toolweaver=SETTINGS)


@pytest.fixture(scope="module")
def tokens(config: Path) -> Mapping[str, str]:
    scopes = {"clock": ["--server", "time"], "look": ["--profile", "look"], "all": []}
    return {name: _token(config, name, *scope) for name, scope in scopes.items()}


@pytest.fixture(scope="module")
def server(config: Path, tokens: Mapping[str, str]) -> Generator[Served]:
    assert tokens
    with served(config) as started:
        started.ready()
        yield started


@pytest.mark.parametrize("mode", ["2026-07-28", "legacy", "sse"])
@pytest.mark.parametrize("path", ["", "/p/clock"])
async def test_what_is_outside_of_a_scope_does_not_exist(
    server: Served, tokens: Mapping[str, str], mode: str, path: str
) -> None:
    async with _client(server, tokens["clock" if not path else "all"], mode, path) as client:
        queries = ["commit to a git repository", "git", "list what there is", "git__git_log"]
        said = [str(client.instructions)]
        said += [text_of(await client.call_tool("search_tools", {"query": query})) for query in queries]
        said.append(text_of(await client.call_tool("get_tool_details", {"names": ["git__git_log"]})))
        said.append(text_of(refused := await client.call_tool("call_tool", COMMIT)))
        said += [tool.model_dump_json() for tool in (await client.list_tools()).tools]
        assert refused.is_error
        assert "+09:00" in text_of(await client.call_tool("call_tool", NOW))
    told = "\n".join(said).replace("git__git_commit'", "").replace("git__git_log", "")  # but for what was asked
    assert "git_" not in told
    assert "server git" not in told
    assert "2 tools of 1 server" in told


async def test_a_call_that_a_profile_forbids_says_why(server: Served, tokens: Mapping[str, str]) -> None:
    async with _client(server, tokens["look"], "2026-07-28") as client:
        refused = await client.call_tool("call_tool", COMMIT)
        assert refused.is_error
        assert "its effect is write" in text_of(refused)
        assert "look permits read calls only" in text_of(refused)
        found = await client.call_tool("search_tools", {"query": "commit changes to the git repository"})
        assert "git__git_commit" not in text_of(found)
        assert "git__git_log" in text_of(await client.call_tool("search_tools", {"query": "git log"}))
        assert "There is no tool" in text_of(await client.call_tool("call_tool", {"name": "time__convert_time"}))


async def test_scopes_of_a_token_and_of_a_path_both_hold(server: Served, tokens: Mapping[str, str]) -> None:
    async with _client(server, tokens["look"], "legacy", "/p/clock") as client:
        found = await client.call_tool("search_tools", {"query": "time git"})
        assert [tool["name"] for tool in found.structured_content["tools"]] == ["time__get_current_time"]


async def test_a_session_is_only_its_callers(server: Served, tokens: Mapping[str, str]) -> None:
    async with httpx.AsyncClient(base_url=server.url, headers=_ACCEPT) as client:
        begun = await client.post("/mcp", json=_INITIALIZE, headers=_bearer(tokens["all"]))
        session = {"mcp-session-id": begun.headers["mcp-session-id"], "mcp-protocol-version": "2025-11-25"}
        own = await client.post("/mcp", json=_PING, headers=_bearer(tokens["all"]) | session)
        assert own.status_code == 200
        foreign = await client.post("/mcp", json=_PING, headers=_bearer(tokens["look"]) | session)
        assert foreign.status_code == 404
        elsewhere = await client.post("/p/clock/mcp", json=_PING, headers=_bearer(tokens["all"]) | session)
        assert elsewhere.status_code == 404
        ended = await client.delete("/mcp", headers=_bearer(tokens["look"]) | session)
        assert ended.status_code == 404


@pytest.mark.parametrize("path", ["/mcp", "/sse", "/messages/", "/p/clock/mcp", "/p/none/mcp", "/nowhere"])
async def test_without_a_token_nobody_comes_in_anywhere(server: Served, path: str) -> None:
    async with httpx.AsyncClient(base_url=server.url) as client:
        for headers in ({}, _bearer("tw_nonsense"), {"authorization": "Basic dTpw"}):
            answer = await client.get(path, headers=headers)
            assert answer.status_code == 401
            assert answer.headers["www-authenticate"].startswith("Bearer ")
        assert (await client.get("/healthz")).status_code == 200


async def test_a_token_that_is_taken_back_is_good_no_longer(server: Served, config: Path) -> None:
    token = _token(config, "gone")
    async with httpx.AsyncClient(base_url=server.url, headers=_ACCEPT | _bearer(token)) as client:
        while (await client.post("/mcp", json=_INITIALIZE)).status_code != 200:
            continue
        _run(config, "token", "revoke", "gone")
        while (answer := await client.post("/mcp", json=_INITIALIZE)).status_code == 200:
            continue
        assert answer.status_code == 401
        assert 'error="invalid_token"' in answer.headers["www-authenticate"]


async def test_the_token_of_a_host_goes_to_no_server(tmp_path: Path) -> None:
    with MisbehavingWeb() as web:
        entry = {"type": "http", "url": web.url("good"), "headers": {"Authorization": "Bearer own"}}
        config = write_config(tmp_path, {"web": entry})
        token = _token(config, "host")
        with served(config) as server:
            for mode in ("2026-07-28", "legacy", "sse"):
                async with _client(server, token, mode) as client:
                    called = {"name": "web__echo", "arguments": {"nonce": mode}}
                    assert mode in text_of(await client.call_tool("call_tool", called))
        sent = [headers for _path, headers in web.requests]
    assert {headers.get("Authorization") for headers in sent} == {"Bearer own"}
    assert token not in str(sent)


async def test_stdio_is_served_within_a_profile(tmp_path: Path) -> None:
    config = write_config(tmp_path, {"time": TIME, "git": git_server(tmp_path)}, toolweaver=SETTINGS)
    done = refusal(config, "--profile", "nowhere")
    assert done.returncode == 2
    assert "there is no profile 'nowhere'; there are clock, look, empty" in done.stderr
    async with host(config, options=["--profile", "clock"]) as client:
        found = await client.call_tool("search_tools", {"query": "git commit"})
        assert "git__" not in text_of(found)
        assert "+09:00" in text_of(await client.call_tool("call_tool", NOW))


_ACCEPT = {"accept": "application/json, text/event-stream"}
_PING = {"jsonrpc": "2.0", "id": 2, "method": "ping"}
_INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "test", "version": "0"}},
}


@asynccontextmanager
async def _client(server: Served, token: str, mode: str, path: str = "") -> AsyncGenerator[Client]:
    if mode == "sse":
        transport = sse_client(f"{server.url}{path}/sse", headers=_bearer(token))
        async with Client(transport, mode="legacy", read_timeout_seconds=60) as client:
            yield client
        return
    async with httpx2.AsyncClient(headers=_bearer(token), timeout=60) as http:
        transport = streamable_http_client(f"{server.url}{path}/mcp", http_client=http)
        async with Client(transport, mode=mode, read_timeout_seconds=60) as client:
            yield client


def _bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


def _token(config: Path, name: str, *scope: str) -> str:
    return _run(config, "token", "add", name, *scope).strip()


def _run(config: Path, *arguments: str) -> str:
    command = [*SERVE[:-1], *arguments, "--config", str(config)]
    return subprocess.run(
        command, capture_output=True, text=True, env=environment(config.parent), timeout=60, check=True
    ).stdout
