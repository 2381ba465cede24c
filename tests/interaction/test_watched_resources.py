"""Changes of resources reach the hosts that watch them, in both eras of either, and no others."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import anyio
import pytest
from mcp.client.client import Client
from mcp.shared.exceptions import MCPError
from mcp_types import (
    EmptyResult,
    SubscribeRequest,
    SubscribeRequestParams,
    UnsubscribeRequest,
    UnsubscribeRequestParams,
)

from mcp_toolweaver.core.policy import SourcePolicy
from tests.downstreams.offering import OfferingServer
from tests.interaction.offering_stage import LEGACY, MODERN, Heard, OfferingStage, offering, until

pytestmark = pytest.mark.anyio

HOSTS = pytest.mark.parametrize("host_era", [LEGACY, MODERN])
SERVERS = pytest.mark.parametrize("server_era", [LEGACY, MODERN])
OURS, OWN = "n+notes:///a", "notes:///a"


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:  # pyright: ignore[reportUnusedFunction]
    monkeypatch.setattr("mcp_toolweaver.server.watches._AGAIN", 0.2)


def notes(*, is_modern: bool = False) -> OfferingServer:
    return OfferingServer(is_modern=is_modern, resources=(OWN, "notes:///b"))


async def subscribe(client: Client, address: str) -> None:
    request = SubscribeRequest(params=SubscribeRequestParams(uri=address))
    await client.session.send_request(request, EmptyResult)


async def unsubscribe(client: Client, address: str) -> None:
    request = UnsubscribeRequest(params=UnsubscribeRequestParams(uri=address))
    await client.session.send_request(request, EmptyResult)


@asynccontextmanager
async def watching(client: Client, era: str, *addresses: str) -> AsyncGenerator[None]:
    """Watch resources in the way of an era."""
    if era == LEGACY:
        for address in addresses:
            await subscribe(client, address)
        yield
        for address in addresses:
            await unsubscribe(client, address)
        return
    async with client.listen(resource_subscriptions=list(addresses)) as changes, anyio.create_task_group() as tasks:

        async def listen() -> None:
            async for _change in changes:
                pass

        tasks.start_soon(listen)
        yield
        tasks.cancel_scope.cancel()


@HOSTS
@SERVERS
async def test_a_change_reaches_who_watches_and_ends_with_the_watch(host_era: str, server_era: str) -> None:
    server, heard, other = notes(is_modern=server_era == MODERN), Heard(), Heard()
    async with (
        offering({"n": server}) as stage,
        stage.host(host_era, heard) as client,
        stage.host(host_era, other) as idle,
    ):
        await idle.list_resources()
        async with watching(client, host_era, OURS):
            await until(lambda: server.watched == [OWN])
            await server.change(OWN)
            await server.change("notes:///b")
            await until(lambda: heard.updated == [OURS])
            await server.change(OWN)
            await until(lambda: heard.updated == [OURS, OURS])
        await until(lambda: server.watched == [])
        await client.list_resources()
    assert heard.updated == [OURS, OURS]
    assert other.updated == []


@HOSTS
async def test_two_who_watch_are_told_once_each_over_one_watch(host_era: str) -> None:
    server, one, two = notes(), Heard(), Heard()
    async with (
        offering({"n": server}) as stage,
        stage.host(host_era, one) as first,
        stage.host(host_era, two) as second,
        watching(first, host_era, OURS, OWN),
    ):
        async with watching(second, host_era, OURS):
            await until(lambda: server.watched == [OWN])
            await first.list_resources()
            await server.change(OWN)
            await until(lambda: len(one.updated) == 2 and len(two.updated) == 1)
        await second.list_resources()
        assert server.watched == [OWN]
        await server.change(OWN)
        await until(lambda: len(one.updated) == 4)
        await second.list_resources()
    assert sorted(one.updated) == [OURS, OURS, OWN, OWN]
    assert two.updated == [OURS]


async def test_a_change_of_a_part_reaches_who_watches_the_whole() -> None:
    server, heard = notes(), Heard()
    async with offering({"n": server}) as stage, stage.host(LEGACY, heard) as client:
        await subscribe(client, OURS)
        await until(lambda: server.watched == [OWN])
        await server.change(f"{OWN}bc")
        await server.change(f"{OWN}/part")
        await until(lambda: heard.updated == [f"{OURS}/part"])


@HOSTS
@SERVERS
async def test_a_host_that_leaves_watches_no_more(host_era: str, server_era: str) -> None:
    server = notes(is_modern=server_era == MODERN)
    async with offering({"n": server}) as stage:
        async with stage.host(host_era) as client:
            if host_era == LEGACY:
                for _again in range(3):
                    await subscribe(client, OURS)
                await until(lambda: server.watched == [OWN])
            else:
                async with client.listen(resource_subscriptions=[OURS]):
                    await until(lambda: server.watched == [OWN])
        await until(lambda: server.watched == [])


@HOSTS
@SERVERS
async def test_a_watch_is_taken_up_again_when_the_server_has_restarted(host_era: str, server_era: str) -> None:
    server, heard = notes(is_modern=server_era == MODERN), Heard()
    async with (
        offering({"n": server}) as stage,
        stage.host(host_era, heard) as client,
        watching(client, host_era, OURS),
    ):
        await until(lambda: server.watched == [OWN])
        server.die()
        await until(lambda: server.opened == 2 and server.watched == [OWN])
        await server.change(OWN)
        await until(lambda: heard.updated == [OURS])


@SERVERS
async def test_a_server_that_is_watched_is_not_left_for_want_of_calls(server_era: str) -> None:
    server, heard = notes(is_modern=server_era == MODERN), Heard()
    policy = SourcePolicy(idle_timeout=0.3)
    async with offering({"n": server}, {"n": policy}) as stage, stage.host(LEGACY, heard) as client:
        await subscribe(client, OURS)
        await until(lambda: server.watched == [OWN])
        await anyio.sleep(0.8)
        assert server.opened == 1
        await server.change(OWN)
        await until(lambda: heard.updated == [OURS])
        await unsubscribe(client, OURS)
        await until(lambda: stage.catalog.statuses[0].state.value == "idle")


async def test_a_server_that_refuses_is_asked_again_by_the_next_who_watches() -> None:
    server, heard = notes(), Heard()
    server.refuses = {"resources/subscribe"}
    async with offering({"n": server}) as stage, stage.host(LEGACY, heard) as client:
        await subscribe(client, OURS)
        await until(lambda: [method for method, _ in server.asked].count("resources/subscribe") == 1)
        server.refuses = set()
        await subscribe(client, "n+notes:///b")
        await until(lambda: sorted(server.watched) == [OWN, "notes:///b"])


async def test_what_nobody_has_cannot_be_watched() -> None:
    async with offering({"n": notes()}) as stage, stage.host(LEGACY) as client:
        with pytest.raises(MCPError) as refused:
            await subscribe(client, "nobody:///x")
        assert refused.value.code == -32002
        await unsubscribe(client, "nobody:///x")


@HOSTS
@SERVERS
async def test_hosts_are_told_of_lists_only_when_a_name_in_them_has_changed(host_era: str, server_era: str) -> None:
    server, heard = notes(is_modern=server_era == MODERN), Heard()
    server.prompts = [{"name": "p"}]
    async with offering({"n": server}) as stage, _listening(stage, host_era, heard) as client:
        await client.list_resources()
        before = len(server.asked)
        server.resources[0]["description"] = "another"
        await server.change_lists()
        await until(lambda: "prompts/list" in [method for method, _ in server.asked[before:]])
        await until(lambda: stage.catalog.offers["n"].resources[0].get("description") == "another")
        assert (await client.list_resources()).resources[0].description == "another"
        assert heard.lists == []
        server.resources.append({"uri": "notes:///c", "name": "c"})
        await server.change_lists()
        await until(lambda: heard.lists == ["resources"])
        server.prompts = [{"name": "q"}]
        await server.change_lists()
        await until(lambda: heard.lists == ["resources", "prompts"])
        assert [prompt.name for prompt in (await client.list_prompts()).prompts] == ["n__q"]


@asynccontextmanager
async def _listening(stage: OfferingStage, era: str, heard: Heard) -> AsyncGenerator[Client]:
    async with stage.host(era, heard) as client:
        if era == LEGACY:
            yield client
            return
        async with client.listen(tools_list_changed=True, prompts_list_changed=True, resources_list_changed=True):
            yield client
