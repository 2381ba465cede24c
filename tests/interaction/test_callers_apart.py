"""Several callers on one Toolweaver: of a server that is not there for one of them, that one hears nothing."""

from __future__ import annotations

from typing import Any

import anyio
import pytest
from mcp.client.client import Client
from mcp.shared.exceptions import MCPError

from mcp_toolweaver.core.access import OWNER, Caller, Profile, Rules
from tests.downstreams.offering import OfferingServer, resource
from tests.interaction.offering_stage import LEGACY, MODERN, Heard, OfferingStage, offering, until
from tests.interaction.servers import text_of

pytestmark = pytest.mark.anyio

ERAS = pytest.mark.parametrize("era", [LEGACY, MODERN])
GUEST = Caller("guest", (Profile("open", Rules(servers=("open",))),))
BY_TOOL = Caller("tools", (Profile("tools", Rules(servers=("open",), tools=("vault__link",))),))


def servers() -> dict[str, OfferingServer]:
    return {
        name: OfferingServer(is_modern=True, resources=(f"{name}:///a",), prompts=(f"{name}_prompt",))
        for name in ("open", "vault")
    }


async def change(server: OfferingServer, number: int) -> None:
    """Let a server offer more, and say so."""
    server.resources.append(resource(f"more:///{number}"))
    server.prompts.append({"name": f"more_{number}"})
    await server.change_lists()


async def offers(stage: OfferingStage, server: str, number: int) -> None:
    """Return when the catalog has taken notice."""
    await until(lambda: any(f"more_{number}" == each["name"] for each in stage.catalog.offers[server].prompts))


async def listen(client: Client, *resources: str) -> None:
    async with client.listen(
        resources_list_changed=True, prompts_list_changed=True, resource_subscriptions=list(resources)
    ) as changes:
        async for _change in changes:
            pass


async def test_lists_that_changed_are_told_of_to_those_whose_lists_they_are() -> None:
    there, owner, guest, modern = servers(), Heard(), Heard(), Heard()
    async with (
        offering(there) as stage,
        stage.host(LEGACY, owner, OWNER) as first,
        stage.host(LEGACY, guest, GUEST) as second,
        stage.host(MODERN, modern, GUEST) as third,
        anyio.create_task_group() as tasks,
    ):
        for client in (first, second, third):
            await client.list_resources()
        tasks.start_soon(listen, third)
        await until(lambda: len(stage.gateway.listeners) == 1)
        await change(there["vault"], 1)
        await until(lambda: set(owner.lists) == {"resources", "prompts"})
        await offers(stage, "vault", 1)
        assert (guest.lists, modern.lists) == ([], [])
        await change(there["open"], 2)
        await until(lambda: {*guest.lists} == {*modern.lists} == {"resources", "prompts"})
        tasks.cancel_scope.cancel()
    assert all(heard.lists.count(kind) <= 1 for heard in (guest, modern) for kind in ("resources", "prompts"))


async def test_that_others_watch_a_resource_is_not_told() -> None:
    there, owner, guest = servers(), Heard(), Heard()
    async with (
        offering(there) as stage,
        stage.host(MODERN, owner, OWNER) as first,
        stage.host(MODERN, guest, GUEST) as second,
        anyio.create_task_group() as tasks,
    ):
        both = ("vault+vault:///a", "open+open:///a")
        tasks.start_soon(listen, first, *both)
        tasks.start_soon(listen, second, *both)
        await until(lambda: len(stage.gateway.listeners) == 2 and all(each.watched for each in there.values()))
        await there["vault"].change("vault:///a")
        await until(lambda: owner.updated == ["vault+vault:///a"])
        await there["open"].change("open:///a")
        await until(lambda: owner.updated[1:] == guest.updated == ["open+open:///a"])
        tasks.cancel_scope.cancel()


@ERAS
@pytest.mark.parametrize("other", [GUEST, BY_TOOL], ids=["no tool of it", "a tool of it"])
async def test_what_a_result_links_to_is_read_by_who_got_it_and_sees_the_whole_server(era: str, other: Caller) -> None:
    there = servers()
    there["vault"].links = ["hidden:///x"]
    async with (
        offering(there) as stage,
        stage.host(era, caller=OWNER) as first,
        stage.host(era, caller=other) as second,
    ):
        call: dict[str, Any] = {"name": "vault__link", "arguments": {}}
        await first.call_tool("call_tool", call)
        assert (await second.call_tool("call_tool", call)).is_error is (other is GUEST)
        read = await first.read_resource("hidden:///x")
        assert "text of hidden:///x" in str(read)
        with pytest.raises(MCPError) as refused:
            await second.read_resource("hidden:///x")
        assert "no server has the resource" in refused.value.error.message
        for address in ("vault+vault:///a", "vault:///a"):
            with pytest.raises(MCPError, match="no server has the resource"):
                await second.read_resource(address)
        assert "vault" not in str(await second.list_resources())
        assert "vault" not in str(await second.list_prompts())


async def test_a_server_that_is_not_there_for_the_only_host_has_nobody_to_talk_to() -> None:
    async with offering(servers()) as stage:
        async with stage.host(LEGACY, caller=GUEST) as client:
            await client.list_tools()
            sessions = stage.gateway.sessions
            assert sessions.only("open") is not None
            assert sessions.only("vault") is None
        async with stage.host(LEGACY, caller=BY_TOOL) as client:
            await client.list_tools()
            assert stage.gateway.sessions.only("vault") is not None
        async with stage.host(LEGACY, caller=OWNER) as client:
            await client.list_tools()
            assert stage.gateway.sessions.only("vault") is not None


@ERAS
async def test_the_list_of_tools_and_calls_are_those_of_the_caller(era: str) -> None:
    async with offering(servers()) as stage, stage.host(era, caller=GUEST) as client:
        assert "vault" not in str(await client.list_tools())
        assert "vault" not in str(client.instructions)
        for name in ("link", "open__link"):
            assert not (await client.call_tool("call_tool", {"name": name})).is_error
        assert "There is no tool" in text_of(await client.call_tool("call_tool", {"name": "vault__link"}))
        assert "There is no tool" in text_of(await client.call_tool("vault__link", {}))
