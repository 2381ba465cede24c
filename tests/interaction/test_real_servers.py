"""Real servers from PyPI and npm through us: found by a search, called, and answered with what they said."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp.client.client import Client

from tests.interaction.oracle import search
from tests.interaction.real_servers import FETCH, OLDER, SERVERS, Real, everything_over, page_served
from tests.interaction.servers import has_node, host, text_of, write_config

pytestmark = pytest.mark.anyio

NODE = pytest.mark.skipif(not has_node(), reason="this machine has no Node, which servers from npm need")
OLDER_SDK = pytest.mark.skipif(not OLDER.exists(), reason="the older servers are not installed: run make test")


def _param(real: Real) -> object:
    marks = [NODE] if real.needs_node else []
    marks += [OLDER_SDK] if real.package in {"mcp-server-calculator", "mcp-server-sqlite"} else []
    return pytest.param(real, id=real.package, marks=marks)


@pytest.mark.parametrize("real", [_param(real) for real in SERVERS])
async def test_a_real_server_is_found_and_called(real: Real, tmp_path: Path) -> None:
    config = write_config(tmp_path, {"real": real.configure(tmp_path)}, toolweaver=DEFERRED)
    async with host(config) as client:
        await _found_and_called(client, real, tmp_path)


async def test_the_real_server_that_fetches_pages_fetches_one(tmp_path: Path) -> None:
    with page_served() as url:
        async with host(write_config(tmp_path, {"fetch": FETCH}, toolweaver=DEFERRED)) as client:
            found = await _settled(client, "fetch a web page")
            assert found["tools"][0]["name"] == "fetch__fetch"
            result = await client.call_tool("call_tool", {"name": "fetch__fetch", "arguments": {"url": url}})
    assert not result.is_error, text_of(result)
    assert "The kettle is on." in text_of(result)


@NODE
@pytest.mark.parametrize(("transport", "path"), [("streamableHttp", "/mcp"), ("sse", "/sse")])
async def test_the_reference_server_is_called_over_the_web(tmp_path: Path, transport: str, path: str) -> None:
    real = next(real for real in SERVERS if real.package.endswith("server-everything"))
    with everything_over(transport, path) as url:
        async with host(write_config(tmp_path, {"real": {"url": url}}, toolweaver=DEFERRED)) as client:
            await _found_and_called(client, real, tmp_path)


@NODE
@OLDER_SDK
@pytest.mark.timeout(180)
async def test_all_real_servers_together_keep_apart(tmp_path: Path) -> None:
    """Two of them have tools of the same names; each call reaches the server it names."""
    servers = {real.package.rpartition("/")[2]: real for real in SERVERS}
    config = write_config(tmp_path, {name: dict(real.configure(tmp_path)) for name, real in servers.items()})
    async with host(config) as client:
        for name, real in servers.items():
            first, *_more = [row["name"] for row in (await _settled(client, f"{name} {real.need}"))["tools"]]
            assert first.startswith(name[:20]), real.package
            for call in real.calls(tmp_path):
                asked = {"name": call.tool, "server": name, "arguments": dict(call.arguments)}
                result = await client.call_tool("call_tool", asked)
                assert not result.is_error, f"{name}: {text_of(result)}"
                assert call.words in text_of(result), name


DEFERRED = {"expose": {"direct_threshold": 0}}


async def _settled(client: Client, query: str) -> Mapping[str, Any]:
    """Return the reply to a search once the server has started, which on a busy machine takes it a while."""
    deadline = anyio.current_time() + 40
    while (reply := await search(client, query))["degraded"] and anyio.current_time() < deadline:
        await anyio.sleep(0.1)
    assert not reply["degraded"]
    return reply


async def _found_and_called(client: Client, real: Real, folder: Path) -> None:
    calls = real.calls(folder)
    found = await _settled(client, real.need)
    assert f"real__{calls[0].tool}" in [row["name"] for row in found["tools"][:3]]
    for call in calls:
        asked = {"name": f"real__{call.tool}", "arguments": dict(call.arguments)}
        result = await client.call_tool("call_tool", asked)
        assert not result.is_error, text_of(result)
        assert call.words in text_of(result)
