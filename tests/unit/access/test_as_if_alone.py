"""Whoever is within a profile is answered as if there were a catalog of only those tools, and reads no other name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcp_toolweaver.access.effects import Effects
from mcp_toolweaver.access.seen import SeenCatalog
from mcp_toolweaver.access.within import IndexWithin
from mcp_toolweaver.core.access import EFFECTS, Caller, Profile, Rules, as_caller
from mcp_toolweaver.core.errors import ToolweaverError
from mcp_toolweaver.core.interfaces import CatalogView, Searcher, ToolIndex
from mcp_toolweaver.core.offers import Offers
from mcp_toolweaver.core.query import IndexEntry, SearchRequest, SearchResult
from mcp_toolweaver.core.status import SourceState, SourceStatus
from mcp_toolweaver.core.tools import Snapshot, Tool
from mcp_toolweaver.index.memory import MemoryIndex
from mcp_toolweaver.search.hybrid import HybridSearcher
from mcp_toolweaver.search.lexical import LexicalSearcher
from mcp_toolweaver.search.names import CurrentNames
from mcp_toolweaver.server.describe import instructions, search_description
from mcp_toolweaver.server.details import get_tool_details
from mcp_toolweaver.server.exposure import Exposure
from mcp_toolweaver.server.search import search_tools
from mcp_toolweaver.text.resolve import resolve
from mcp_toolweaver.text.tool_text import passage
from tests.fakes.embedder import FakeEmbedder
from tests.fakes.tools import make_tool

MODEL = FakeEmbedder(dimension=16)
SERVERS = ("quorvex", "blimtar", "zandofi", "hupreek")
MARKS: tuple[dict[str, bool], ...] = ({}, {"readOnlyHint": True}, {"destructiveHint": False})
VERBS = ("read", "list", "send", "delete", "find", "merge")
THINGS = ("files", "messages", "invoices", "branches")


def _tool(server: str, number: int) -> Tool:
    verb, thing = VERBS[number % len(VERBS)], THINGS[(number + len(server)) % len(THINGS)]
    return make_tool(
        f"{verb}_{server[:4]}{number}",
        f"Can {verb} {thing} and {THINGS[number % len(THINGS)]} of a {'large ' * (number % 3)}team, {number} at once.",
        server=server,
        domain=f"{server[-4:]}land{number % 2}",
        annotations=MARKS[number % 3],
    )


TOOLS = [_tool(server, number) for server in SERVERS for number in range(12)]
EFFECTS_OF = Effects({"*9": "destructive", "quorvex::*1": "read"})
PATTERNS = st.sampled_from(
    ["*", *SERVERS, "QUORVEX", "*rtar*", "*land0", "rvexland1", "read_*", "*__find_*", "blimtar::*", "*3", "*0", "x"]
)
LISTED = st.lists(PATTERNS, max_size=2).map(tuple)
RULES = st.builds(Rules, LISTED, LISTED, LISTED)
PROFILES = st.builds(
    Profile, st.just("some"), RULES, RULES, st.frozensets(st.sampled_from(sorted(EFFECTS)), min_size=1)
)
QUESTIONS = (
    "read files of the team",
    "delete all invoices, then send a message",
    "merge branches",
    "zebra crossing",
    "find_something_that_nobody_has",
)


class Catalog:
    """A whole one, of which some servers are away."""

    def __init__(self, tools: Sequence[Tool]) -> None:
        self.snapshot = Snapshot.of(tools)
        states = (SourceState.READY, SourceState.FAILED, SourceState.CONNECTING, SourceState.IDLE)
        self.statuses = [
            SourceStatus(name, "k", state, 12, f"{name} is not well", problems=(f"{name} is odd",))
            for name, state in zip(SERVERS, states, strict=True)
        ]
        self.offers = {name: Offers(prompts=({"name": f"{name} prompt"},)) for name in SERVERS}

    def prefix(self, server: str) -> str:
        return server

    async def request(self, server: str, method: str, params: Any) -> dict[str, Any]:
        raise AssertionError(server, method, params)

    async def watch_resource(self, server: str, uri: str) -> None:
        raise AssertionError(server, uri)

    def departed(self, name: str, server: str | None = None) -> str | None:
        del name, server
        return None


async def _index(tools: Sequence[Tool], *, meaning: bool) -> ToolIndex:
    index = MemoryIndex()
    await index.apply([IndexEntry(tool, MODEL.vector(passage(tool)) if meaning else None) for tool in tools], [])
    return index


def _searcher(catalog: CatalogView, index: ToolIndex, *, meaning: bool) -> Searcher:
    names = CurrentNames(catalog)
    return HybridSearcher(catalog, index, MODEL, names) if meaning else LexicalSearcher(catalog, index, names)


def _told(result: SearchResult) -> tuple[Any, ...]:
    rows = [
        (hit.tool.id, pytest.approx(hit.score, abs=1e-4), [tool.id for tool in hit.alternatives]) for hit in result.hits
    ]
    return rows, result.confidence, result.nearest, [tool.id for tool in result.similar], result.skipped


@settings(max_examples=20, deadline=None)
@given(st.lists(PROFILES, min_size=1, max_size=2), st.booleans())
def test_a_search_is_that_of_a_catalog_of_only_what_is_seen(profiles: list[Profile], meaning: bool) -> None:  # noqa: FBT001  hypothesis passes it

    async def compare() -> None:
        seen = SeenCatalog(Catalog(TOOLS), profiles, EFFECTS_OF)
        within = _searcher(seen, IndexWithin(await _index(TOOLS, meaning=meaning), seen), meaning=meaning)
        visible = list(seen.snapshot.tools.values())
        alone = _searcher(Catalog(visible), await _index(visible, meaning=meaning), meaning=meaning)
        domains = {tool.domain for tool in visible}
        for question in (*QUESTIONS, *(str(tool.id.name) for tool in visible[:2])):
            for domain in (None, *sorted(domains)[:1]):
                request = SearchRequest(question, 5, domain)
                assert _told(await within.search(request)) == _told(await alone.search(request))

    anyio.run(compare)


@settings(max_examples=20, deadline=None)
@given(st.lists(PROFILES, min_size=1, max_size=2))
def test_no_reply_names_what_is_not_seen(profiles: list[Profile]) -> None:
    seen = SeenCatalog(Catalog(TOOLS), profiles, EFFECTS_OF)
    caller = Caller(profiles=tuple(profiles))
    with as_caller(caller):
        said = anyio.run(_everything_said, seen)
    shown = {tool.id for tool in TOOLS if caller.sees(tool)}
    servers = {id_.server for id_ in shown} | {name for name in SERVERS if caller.sees_server(name)}
    for tool in TOOLS:
        if tool.id not in shown:
            assert tool.id.name not in said
        if tool.id.server not in servers:
            assert tool.id.server not in said
        if not any(each.domain == tool.domain for each in seen.snapshot.tools.values()):
            assert tool.domain not in said


async def _everything_said(seen: SeenCatalog) -> str:
    searcher = _searcher(seen, IndexWithin(await _index(TOOLS, meaning=False), seen), meaning=False)
    said: list[object] = [instructions(seen.snapshot, seen.statuses), search_description(seen.snapshot, seen.statuses)]
    exposures = (Exposure("direct"), Exposure("search", pinned=[tool.callable_name for tool in TOOLS[::5]]))
    said += [exposure.listed(seen, None) for exposure in exposures]
    said += [seen.statuses, seen.offers]
    for question in QUESTIONS:
        said += [
            await search_tools(seen, searcher, {"query": question, **more})
            for more in ({}, {"limit": 50}, {"domain": "nowhere"}, {"detail": "schema", "max_tokens": 300})
        ]
    said.append(await search_tools(seen, searcher, {"queries": list(QUESTIONS)}))
    for slip in ("read_quo", "quorvx", "blimtar_", "delete", "hupreek_find"):
        said += [_or_error(lambda: get_tool_details(seen, {"names": [slip]}), slip)]  # noqa: B023  called at once
        said += [_or_error(lambda: resolve(seen.snapshot, slip, None, seen.departed), slip)]  # noqa: B023
    return "\n".join(map(str, said))


def _or_error(ask: Callable[[], object], slip: str) -> object:
    try:
        return ask()
    except ToolweaverError as error:
        return str(error).replace(slip, "")
