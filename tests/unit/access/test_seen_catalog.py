"""The catalog as profiles show it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_toolweaver.access.effects import Effects
from mcp_toolweaver.access.seen import SeenCatalog
from mcp_toolweaver.access.within import IndexWithin
from mcp_toolweaver.core.access import EFFECTS, Effect, Profile, Rules
from mcp_toolweaver.core.errors import NotPermitted, Unavailable
from mcp_toolweaver.core.offers import Offers
from mcp_toolweaver.core.query import IndexEntry, IndexQuery, Probe
from mcp_toolweaver.core.status import SourceState, SourceStatus
from mcp_toolweaver.core.tools import Snapshot, Tool
from mcp_toolweaver.index.memory import MemoryIndex
from tests.fakes.tools import make_tool

pytestmark = pytest.mark.anyio

MARKS: tuple[Mapping[str, Any], ...] = ({}, {"readOnlyHint": True}, {"destructiveHint": False})
SERVERS = ("git", "mail", "time", "Gitea")


def _tool(server: str, number: int) -> Tool:
    name = f"{server.lower()}_{number}"
    return make_tool(
        name, "does a thing", server=server, domain=("dev", "life")[number % 2], annotations=MARKS[number % 3]
    )


TOOLS = [_tool(server, number) for server in SERVERS for number in range(6)]
PATTERNS = st.sampled_from(
    ["*", "git", "GIT*", "mail", "dev", "life", "git_1", "git__git_2", "mail::mail_3", "*_4", "x"]
)


def _rules(servers: list[str], domains: list[str], tools: list[str]) -> Rules:
    return Rules(tuple(servers), tuple(domains), tuple(tools))


LISTED = st.lists(PATTERNS, max_size=2)
RULES = st.builds(_rules, LISTED, LISTED, LISTED)
PROFILES = st.builds(
    Profile, st.just("some"), RULES, RULES, st.frozensets(st.sampled_from(sorted(EFFECTS)), min_size=1)
)


class Catalog:
    """A whole one."""

    def __init__(self) -> None:
        self.snapshot = Snapshot.of(TOOLS)
        self.statuses = [SourceStatus(name, "k", SourceState.READY, 6, problems=("odd",)) for name in SERVERS]
        self.statuses.append(SourceStatus("silent", "k", SourceState.FAILED, 0, "it is away"))
        self.offers = {name: Offers(prompts=({"name": "hello"},)) for name in SERVERS}
        self.asked: list[str] = []

    def prefix(self, server: str) -> str:
        return server

    async def request(self, server: str, method: str, params: Mapping[str, Any]) -> dict[str, Any]:
        self.asked.append(server)
        return {"method": method, "params": params}

    async def watch_resource(self, server: str, uri: str) -> None:
        self.asked.append(f"{server} {uri}")

    def departed(self, name: str, server: str | None = None) -> str | None:
        return f"{server} no longer has {name}"


@given(st.lists(PROFILES, min_size=1, max_size=2))
def test_a_tool_is_seen_if_each_profile_shows_and_permits_it(profiles: list[Profile]) -> None:
    effects = Effects({"*_5": "read"})
    seen = SeenCatalog(Catalog(), profiles, effects)
    for tool in TOOLS:
        wanted = all(each.shows(tool) and effects.of(tool) in each.effects for each in profiles)
        assert (tool.id in seen.snapshot.tools) is wanted
        assert seen.reach.holds(tool.id) is wanted
        if wanted or not all(each.shows(tool) for each in profiles):
            assert seen.departed("gone", tool.id.server) in {None, f"{tool.id.server} no longer has gone"}
        else:
            with pytest.raises(NotPermitted, match="may not be called here"):
                seen.departed(tool.id.name, tool.id.server)


@given(st.lists(PROFILES, min_size=1, max_size=2))
def test_of_a_server_nothing_is_told_whose_tools_are_not_seen(profiles: list[Profile]) -> None:
    seen = SeenCatalog(Catalog(), profiles, Effects({}))
    told = {status.name: status for status in seen.statuses}
    counts = {server: len(tools) for server, tools in seen.snapshot.by_server.items()}
    assert {name: status.tools for name, status in told.items() if name != "silent"} == counts
    assert not any(status.problems for status in told.values())
    for profile in profiles:
        if profile.allow.tools and not profile.allow.servers:
            assert "silent" not in told
        assert all(profile.shows_server(server) for server in seen.offers)


async def test_what_a_server_offers_beside_tools_is_there_only_with_the_whole_server() -> None:
    whole = Catalog()
    seen = SeenCatalog(whole, [Profile("p", Rules(servers=("mail",), tools=("git__git_1",)))], Effects({}))
    assert list(seen.offers) == ["mail"]
    assert "git" in seen.snapshot.by_server
    await seen.request("mail", "prompts/get", {})
    with pytest.raises(Unavailable, match="is not part of the catalog"):
        await seen.request("git", "prompts/get", {})
    with pytest.raises(Unavailable, match="is not part of the catalog"):
        await seen.watch_resource("git", "file:///x")
    assert whole.asked == ["mail"]


@pytest.mark.parametrize(
    ("annotations", "effect"),
    [
        ({}, "destructive"),
        ({"readOnlyHint": True}, "read"),
        ({"readOnlyHint": True, "destructiveHint": True}, "read"),
        ({"readOnlyHint": "yes"}, "destructive"),
        ({"destructiveHint": False}, "write"),
        ({"destructiveHint": True}, "destructive"),
    ],
)
def test_a_tool_does_what_it_is_marked_with_and_the_worst_if_it_is_not(
    annotations: Mapping[str, Any], effect: Effect
) -> None:
    assert Effects({}).of(make_tool("t", annotations=annotations)) == effect


def test_the_owner_knows_better_and_the_first_pattern_counts() -> None:
    effects = Effects({"Mail::*": "write", "mail__*": "read", "x": "destructive"})
    tool = make_tool("send", server="mail", annotations={"readOnlyHint": True})
    assert effects.of(tool) == "write"
    assert effects.why(tool) == "its owner says so"


async def test_a_small_part_of_a_large_index_fills_its_limit() -> None:
    index, whole = MemoryIndex(), Catalog()
    crowd = [make_tool(f"thing_{number}", "thing thing", server="crowd") for number in range(200)]
    whole.snapshot = Snapshot.of([*crowd, *TOOLS])
    await index.apply([IndexEntry(tool) for tool in whole.snapshot.tools.values()], [])
    within = IndexWithin(index, SeenCatalog(whole, [Profile("p", Rules(servers=("mail",)))], Effects({})))
    found = await within.query(IndexQuery((Probe(("thing",)),), 5))
    assert len(found.matches) == 5
    assert {match.id.server for match in found.matches} == {"mail"}
    assert await within.unembedded() == 6
    assert set(await within.digests()) == {tool.id for tool in TOOLS if tool.id.server == "mail"}
