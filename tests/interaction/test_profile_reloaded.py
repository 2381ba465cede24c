"""A profile that is changed while somebody is within it: it counts at once, and nobody is dropped."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp.client.client import Client
from mcp.client.streamable_http import streamable_http_client

from tests.interaction.servers import host, write_config
from tests.interaction.test_life_of_servers import raw
from tests.interaction.web_stage import served

pytestmark = pytest.mark.anyio

_WIDE: Mapping[str, Any] = {"allow": {"servers": ["one", "two"]}}
_NARROW: Mapping[str, Any] = {"allow": {"servers": ["one"]}}


@pytest.mark.parametrize("mode", ["2026-07-28", "legacy"])
@pytest.mark.parametrize("way", ["stdio", "http", "path"])
async def test_a_profile_that_is_made_narrower_takes_tools_away_from_those_who_are_within_it(
    tmp_path: Path, way: str, mode: str
) -> None:
    async with _within(tmp_path, way, mode) as client:
        assert await _answers(client, "one")
        assert await _answers(client, "two")
        _configure(tmp_path, {"mine": _NARROW})
        while await _answers(client, "two"):
            await anyio.sleep(0.05)
        assert await _answers(client, "one")
        _configure(tmp_path, {"mine": _WIDE})
        while not await _answers(client, "two"):
            await anyio.sleep(0.05)


async def test_a_profile_that_is_gone_shows_nothing_to_those_who_are_within_it(tmp_path: Path) -> None:
    async with _within(tmp_path, "stdio", "legacy") as client:
        assert await _answers(client, "one")
        _configure(tmp_path, {})
        while await _answers(client, "one"):
            await anyio.sleep(0.05)
        assert not await _answers(client, "two")
        assert "there is no profile 'mine' any more" in (tmp_path / "stderr.txt").read_text(encoding="utf-8")


def _configure(folder: Path, profiles: Mapping[str, Any]) -> Path:
    servers = {name: raw(folder, name) for name in ("one", "two")}
    later = folder / "later"
    later.mkdir(exist_ok=True)
    written = write_config(later, servers, toolweaver={"expose": "search", "profiles": profiles})
    return written.replace(folder / "mcp.json")


@asynccontextmanager
async def _within(folder: Path, way: str, mode: str) -> AsyncGenerator[Client]:
    config, options = _configure(folder, {"mine": _WIDE}), ("--profile", "mine")
    with anyio.fail_after(150):
        if way == "stdio":
            async with host(config, mode=mode, options=options) as client:
                yield client
            return
        chosen = options if way == "http" else ()
        path = "/p/mine" if way == "path" else ""
        with served(config, "--http", "127.0.0.1:0", *chosen) as server:
            server.ready()
            async with Client(
                streamable_http_client(f"{server.url}{path}/mcp"), mode=mode, read_timeout_seconds=60
            ) as client:
                yield client


async def _answers(client: Client, server: str) -> bool:
    call = {"name": f"{server}__echo", "arguments": {"text": "hello"}}
    return not (await client.call_tool("call_tool", call)).is_error
