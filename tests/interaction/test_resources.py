"""Resources of servers as hosts see them, in both eras of either."""

from __future__ import annotations

import pytest
from mcp.shared.exceptions import MCPError
from mcp_types import (
    BlobResourceContents,
    CompleteRequest,
    CompleteRequestParams,
    CompleteResult,
    CompletionArgument,
    ResourceTemplateReference,
    TextResourceContents,
)

from mcp_toolweaver.core.policy import SourcePolicy
from tests.downstreams.offering import OfferingServer, resource
from tests.fakes.cache import FakeCache
from tests.interaction.offering_stage import LEGACY, MODERN, offering, until

pytestmark = pytest.mark.anyio

HOSTS = pytest.mark.parametrize("host_era", [LEGACY, MODERN])
SERVERS = pytest.mark.parametrize("server_era", [LEGACY, MODERN])


def text_in(content: TextResourceContents | BlobResourceContents) -> str:
    return content.text if isinstance(content, TextResourceContents) else ""


def notes(*, is_modern: bool = False) -> OfferingServer:
    server = OfferingServer(is_modern=is_modern, resources=("notes:///a", "notes:///b"))
    server.templates = [{"uriTemplate": "notes:///by/{name}", "name": "by name"}]
    return server


@HOSTS
@SERVERS
async def test_resources_are_listed_and_read_under_addresses_that_tell_whose_they_are(
    host_era: str, server_era: str
) -> None:
    servers = {"n": notes(is_modern=server_era == MODERN), "m": notes(is_modern=server_era == MODERN)}
    async with offering(servers) as stage, stage.host(host_era) as client:
        listed = [item.uri for item in (await client.list_resources()).resources]
        templates = [item.uri_template for item in (await client.list_resource_templates()).resource_templates]
        [content] = (await client.read_resource("n+notes:///a")).contents
        [filled] = (await client.read_resource("N+notes:///by/me")).contents
    assert listed == ["n+notes:///a", "n+notes:///b", "m+notes:///a", "m+notes:///b"]
    assert templates == ["n+notes:///by/{name}", "m+notes:///by/{name}"]
    assert (content.uri, text_in(content)) == ("n+notes:///a", "text of notes:///a")
    assert (filled.uri, text_in(filled)) == ("n+notes:///by/me", "text of notes:///by/me")


@HOSTS
async def test_an_address_of_the_servers_own_is_read_where_it_is_clear_whose_it_is(host_era: str) -> None:
    other = OfferingServer(is_modern=False, resources=("notes:///b", "other:///c"))
    async with offering({"n": notes(), "o": other}) as stage, stage.host(host_era) as client:
        for clear in ("notes:///a", "other:///c", "notes:///by/me"):
            [content] = (await client.read_resource(clear)).contents
            assert (content.uri, text_in(content)) == (clear, f"text of {clear}")
        for unclear in ("notes:///b", "nobody:///s", "x+notes:///a"):
            with pytest.raises(MCPError) as refused:
                await client.read_resource(unclear)
            assert refused.value.code == -32002
            assert unclear in refused.value.message


async def test_what_a_result_links_to_can_be_read_though_it_is_listed_nowhere() -> None:
    hidden = OfferingServer(is_modern=False, resources=("h:///x",))
    hidden.links = ["deep:///1", "notes:///a"]
    async with offering({"h": hidden, "n": notes(), "o": notes()}) as stage, stage.host(LEGACY) as client:
        with pytest.raises(MCPError):
            await client.read_resource("deep:///1")
        await client.call_tool("h__link", {})
        [content] = (await client.read_resource("deep:///1")).contents
        assert text_in(content) == "text of deep:///1"
        with pytest.raises(MCPError):  # two servers list it, and neither is the one that links to it
            await client.read_resource("notes:///a")
    assert [params["uri"] for method, params in hidden.asked if method == "resources/read"] == ["deep:///1"]


async def test_a_link_to_what_another_server_lists_is_read_from_that_one() -> None:
    rogue, own = OfferingServer(is_modern=False, resources=("r:///x",)), notes()
    rogue.links = ["notes:///a"]
    async with offering({"r": rogue, "n": own}) as stage, stage.host(LEGACY) as client:
        await client.call_tool("r__link", {})
        await client.read_resource("notes:///a")
    assert not [params for method, params in rogue.asked if method == "resources/read"]


@HOSTS
async def test_an_error_of_the_server_reaches_the_host_as_it_is(host_era: str) -> None:
    async with offering({"n": notes()}) as stage, stage.host(host_era) as client:
        with pytest.raises(MCPError) as refused:
            await client.read_resource("n+notes:///missing")
    assert (refused.value.code, refused.value.message) == (-32002, "no such thing")


@HOSTS
async def test_meta_of_a_result_reaches_the_host_but_for_that_of_the_connection(host_era: str) -> None:
    async with offering({"n": notes(is_modern=True)}) as stage, stage.host(host_era) as client:
        meta = dict((await client.read_resource("n+notes:///a")).meta or {})
    assert meta.pop("example.org/k") == 1
    assert meta.pop("io.modelcontextprotocol/serverInfo", {"name": "mcp-toolweaver"})["name"] == "mcp-toolweaver"


@HOSTS
async def test_owners_choose_what_is_offered_and_under_which_name(host_era: str) -> None:
    servers = {name: notes() for name in ("plain", "named", "hidden", "twice")}
    policies = {
        "plain": SourcePolicy(prefix=""),
        "named": SourcePolicy(prefix="x"),
        "hidden": SourcePolicy(resources=False),
        "twice": SourcePolicy(prefix=""),
    }
    async with offering(servers, policies) as stage, stage.host(host_era) as client:
        listed = [item.uri for item in (await client.list_resources()).resources]
        [content] = (await client.read_resource("notes:///a")).contents
        assert content.uri == "notes:///a"
        with pytest.raises(MCPError):
            await client.read_resource("hidden+notes:///a")
    assert listed == ["notes:///a", "notes:///b", "x+notes:///a", "x+notes:///b"]
    assert [len([1 for method, _ in each.asked if method == "resources/read"]) for each in servers.values()] == [
        1,
        0,
        0,
        0,
    ]


async def test_servers_that_share_a_name_each_read_what_they_list() -> None:
    one, two = (
        OfferingServer(is_modern=False, resources=("a:///1",)),
        OfferingServer(is_modern=False, resources=("b:///2",)),
    )
    policies = {"one": SourcePolicy(prefix="x"), "two": SourcePolicy(prefix="x")}
    async with offering({"one": one, "two": two}, policies) as stage, stage.host(LEGACY) as client:
        await client.read_resource("x+b:///2")
    assert [method for method, _ in two.asked if method == "resources/read"]


@HOSTS
async def test_completion_of_a_template_is_asked_of_its_server(host_era: str) -> None:
    async with offering({"n": notes()}) as stage, stage.host(host_era) as client:
        ref = ResourceTemplateReference(uri="n+notes:///by/{name}")
        asked = CompleteRequestParams(ref=ref, argument=CompletionArgument(name="name", value="m"))
        result = await client.session.send_request(CompleteRequest(params=asked), CompleteResult)
    assert result.completion.values == ["notes:///by/{name} m"]


async def test_lists_of_a_known_server_come_without_starting_it_and_reading_starts_it() -> None:
    cache, server = FakeCache(), notes()
    async with offering({"n": server}, cache=cache):
        await until(lambda: bool(cache.values))
    again = notes()
    async with offering({"n": again}, cache=cache) as stage, stage.host(LEGACY) as client:
        assert len((await client.list_resources()).resources) == 2
        assert again.opened == 0
        await client.read_resource("n+notes:///a")
        assert again.opened == 1


async def test_what_is_not_offered_is_kept_for_when_it_is() -> None:
    cache = FakeCache()
    async with offering({"n": notes()}, {"n": SourcePolicy(resources=False)}, cache):
        await until(lambda: bool(cache.values))
    async with offering({"n": notes()}, cache=cache) as stage, stage.host(LEGACY) as client:
        assert len((await client.list_resources()).resources) == 2


@HOSTS
@SERVERS
async def test_malformed_items_cost_only_themselves(host_era: str, server_era: str) -> None:
    server = notes(is_modern=server_era == MODERN)
    server.raw["resources"] = [
        resource("ok:///1"),
        {"name": "no address"},
        {"uri": "ok:///no-name"},
        {"uri": 7, "name": "a number"},
        "text",
        None,
        resource("hid\u200bden:///1"),
        resource("ok:///2", size="big", annotations=[], icons=3, _meta=[]),
        resource("ok:///3", description="see\u202e me", nested=[[{"a": "b"}]]),
        resource("ok:///1"),
    ]
    server.raw["resourceTemplates"] = [{"uriTemplate": "t:///{x}", "name": "t"}, {"uriTemplate": ["t"], "name": "t"}]
    server.raw["prompts"] = [{"name": "p", "arguments": "none"}, {"name": "q", "arguments": [{"name": "a"}]}]
    async with offering({"n": server}) as stage, stage.host(host_era) as client:
        listed = (await client.list_resources()).resources
        templates = (await client.list_resource_templates()).resource_templates
        prompts = (await client.list_prompts()).prompts
        [status] = stage.catalog.statuses
    assert [item.uri for item in listed] == ["n+ok:///1", "n+ok:///2", "n+ok:///3"]
    assert listed[2].description == "see me"
    assert [item.uri_template for item in templates] == ["n+t:///{x}"]
    assert [item.name for item in prompts] == ["n__q"]
    assert len(status.problems) == 8


@SERVERS
async def test_all_pages_are_listed_until_there_are_too_many(server_era: str) -> None:
    server = OfferingServer(is_modern=server_era == MODERN, resources=tuple(f"r:///{n}" for n in range(250)))
    server.page = 9
    async with offering({"n": server}) as stage, stage.host(LEGACY) as client:
        assert len((await client.list_resources()).resources) == 250
    server.page = 1
    async with offering({"n": server}) as stage, stage.host(LEGACY) as client:
        assert len((await client.list_resources()).resources) == 100
        [status] = stage.catalog.statuses
    assert any("left out" in problem for problem in status.problems)


async def test_ten_thousand_resources_are_listed() -> None:
    server = OfferingServer(is_modern=False, resources=tuple(f"r:///{n}" for n in range(10_500)))
    server.page = 2_000
    async with offering({"n": server}) as stage, stage.host(MODERN) as client:
        assert len((await client.list_resources()).resources) == 10_000


@HOSTS
async def test_a_list_that_never_comes_costs_neither_the_tools_nor_the_other_lists(host_era: str) -> None:
    server = OfferingServer(is_modern=False, resources=("r:///1",), prompts=("p",))
    server.hangs = {"resources/list"}
    async with offering({"n": server}, connect_timeout=1.0) as stage, stage.host(host_era) as client:
        assert "n__link" in [tool.name for tool in (await client.list_tools()).tools]
        assert [prompt.name for prompt in (await client.list_prompts()).prompts] == ["n__p"]
        assert (await client.list_resources()).resources == []
        [status] = stage.catalog.statuses
    assert any("resources/list" in problem for problem in status.problems)


@HOSTS
async def test_reading_takes_no_longer_than_a_call_may(host_era: str) -> None:
    server = notes()
    server.hangs = {"resources/read"}
    async with offering({"n": server}, {"n": SourcePolicy(deadline=0.3)}) as stage, stage.host(host_era) as client:
        with pytest.raises(MCPError) as late:
            await client.read_resource("n+notes:///a")
        assert "0.3 s" in late.value.message
