"""A configuration that changes while we serve: what changed is taken over, and nobody is dropped."""

from __future__ import annotations

import json
import signal
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp.client.client import Client
from mcp.client.streamable_http import streamable_http_client

from mcp_toolweaver.telemetry.status_files import reports
from tests.interaction.servers import text_of, write_config
from tests.interaction.test_life_of_servers import is_running, raw
from tests.interaction.web_stage import Served, served

pytestmark = pytest.mark.anyio

SAID = 'echo: {"text": "hello"}'


async def test_servers_come_and_go_and_those_that_stay_are_left_alone(tmp_path: Path) -> None:
    async with _serving(tmp_path, {"stays": raw(tmp_path, "stays"), "goes": raw(tmp_path, "goes")}) as (server, client):
        await _echo(client, "stays")
        await _echo(client, "goes")
        before = {name: _pids(tmp_path, name) for name in ("stays", "goes")}
        _write(tmp_path, {"comes": raw(tmp_path, "comes"), "stays": raw(tmp_path, "stays")})
        while "no longer" not in await _said(client, "goes"):
            await anyio.sleep(0.05)
        while (await _said(client, "comes")) != SAID:
            await anyio.sleep(0.05)
        await _echo(client, "stays")
        while any(map(is_running, before["goes"])):
            await anyio.sleep(0.05)
        assert _pids(tmp_path, "stays") == before["stays"]
        assert server.process.poll() is None


async def test_a_server_that_is_configured_otherwise_is_started_anew_and_never_twice(tmp_path: Path) -> None:
    async with _serving(tmp_path, {"one": raw(tmp_path, "one")}) as (_server, client):
        await _echo(client, "one")
        [first] = _pids(tmp_path, "one")
        changed = raw(tmp_path, "one")
        _write(tmp_path, {"one": {**changed, "args": [*changed["args"], "--malformed"]}})
        while is_running(first):
            await anyio.sleep(0.02)
        while (await _said(client, "one")) != SAID:
            await anyio.sleep(0.05)
        assert len(_pids(tmp_path, "one")) == 2


async def test_a_file_that_is_wrong_changes_nothing_and_the_log_says_where(tmp_path: Path) -> None:
    async with _serving(tmp_path, {"one": raw(tmp_path, "one")}) as (server, client):
        await _echo(client, "one")
        config = tmp_path / "mcp.json"
        whole = config.read_text()
        config.write_text(whole[: len(whole) // 2])
        server.process.send_signal(signal.SIGHUP)
        while "was not taken over" not in server.log.read_text():
            await anyio.sleep(0.05)
        assert "is not valid JSON at line 1" in server.log.read_text()
        while not any("is not valid JSON at line 1" in said for said in _degraded(tmp_path)):
            await anyio.sleep(0.1)
        await _echo(client, "one")
        config.write_text(whole)
        server.process.send_signal(signal.SIGHUP)
        while "was taken over" not in server.log.read_text().replace("was not taken", ""):
            await anyio.sleep(0.05)
        await _echo(client, "one")


async def test_what_is_listed_and_who_sees_what_is_taken_over_and_the_rest_waits_for_a_restart(tmp_path: Path) -> None:
    servers = {"one": raw(tmp_path, "one")}
    async with _serving(tmp_path, servers, expose="search", profiles={}) as (server, client):
        assert "one__echo" not in [tool.name for tool in (await client.list_tools()).tools]
        settings = {
            "expose": "direct",
            "profiles": {"none": {"deny": {"servers": "*"}}},
            "search": {"meaning_weight": 0.5},
        }
        _write(tmp_path, servers, **settings)
        while "one__echo" not in [tool.name for tool in (await client.list_tools()).tools]:
            await anyio.sleep(0.05)
        async with _client(server, "/p/none") as nobody:
            assert "one__echo" not in [tool.name for tool in (await nobody.list_tools()).tools]
        while "counts from the next start on: search" not in server.log.read_text():
            await anyio.sleep(0.05)
        while "settings that count from the next start on: search" not in _degraded(tmp_path):
            await anyio.sleep(0.1)


def _degraded(folder: Path) -> list[str]:
    """Return what those who serve say is not as it should be, as `toolweaver status` finds it."""
    return [said for report in reports(folder / "data" / "toolweaver" / "run") for said in report.degraded]


def _write(folder: Path, servers: Mapping[str, Any], **settings: Any) -> None:
    temporary = folder / "new.json"
    temporary.write_text(json.dumps({"mcpServers": servers, "toolweaver": settings}), encoding="utf-8")
    temporary.replace(folder / "mcp.json")


@asynccontextmanager
async def _serving(folder: Path, servers: Mapping[str, Any], **settings: Any) -> AsyncGenerator[tuple[Served, Client]]:
    config = write_config(folder, servers, toolweaver=settings)
    with anyio.fail_after(100), served(config) as server:
        async with _client(server) as client:
            yield server, client


def _client(server: Served, path: str = "") -> Client:
    return Client(streamable_http_client(f"{server.url}{path}/mcp"), mode="legacy", read_timeout_seconds=60)


async def _said(client: Client, server: str) -> str:
    return text_of(await client.call_tool("call_tool", {"name": f"{server}__echo", "arguments": {"text": "hello"}}))


async def _echo(client: Client, server: str) -> None:
    assert await _said(client, server) == SAID


def _pids(folder: Path, name: str) -> list[int]:
    return [int(line) for line in (folder / f"{name}.pids").read_text().split()]
