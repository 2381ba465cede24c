"""A search for tools of one kind: the others are not there for as long as it takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import anyio
import pytest

from mcp_toolweaver.access.callers import CallersCatalog, CallersSearcher
from mcp_toolweaver.access.effects import Effects
from mcp_toolweaver.access.per_caller import PerCaller
from mcp_toolweaver.access.seen import SeenCatalog, Whole
from mcp_toolweaver.access.within import IndexWithin
from mcp_toolweaver.core.access import Caller, Profile, Rules, as_caller
from mcp_toolweaver.core.interfaces import Searcher
from mcp_toolweaver.core.query import IndexEntry
from mcp_toolweaver.index.memory import MemoryIndex
from mcp_toolweaver.search.lexical import LexicalSearcher
from mcp_toolweaver.search.names import CurrentNames
from mcp_toolweaver.server.meta_tools import meta_tools
from mcp_toolweaver.server.search import search_tools
from tests.fakes.tools import make_tool
from tests.unit.access.test_as_if_alone import Catalog

TOOLS = [
    replace(make_tool(f"send_{each}", f"Sends {each} by mail.", server=server), kind=kind)
    for server, kind, each in (
        ("post", "mcp_worker", "letters"),
        ("mine", "function", "letters"),
        ("mine", "code_exec", "parcels"),
        ("mine", "function", "telegrams"),
    )
]


async def _found(arguments: Mapping[str, str], caller: Caller | None = None) -> tuple[list[str], str]:
    whole, index = Catalog(TOOLS), MemoryIndex()
    await index.apply([IndexEntry(tool) for tool in TOOLS], [])

    def part(profiles: tuple[Profile, ...]) -> tuple[Whole, Searcher]:
        seen = SeenCatalog(whole, profiles, Effects({}))
        return seen, LexicalSearcher(seen, IndexWithin(index, seen), CurrentNames(seen))

    parts = PerCaller[tuple[Whole, Searcher]]((whole, LexicalSearcher(whole, index, CurrentNames(whole))), part)
    catalog, searcher = CallersCatalog(lambda: parts.current[0]), CallersSearcher(lambda: parts.current[1])
    with as_caller(caller or Caller()):
        reply = await search_tools(
            catalog, searcher, {"query": "send letters, parcels or telegrams by mail", **arguments}
        )
        assert len(catalog.snapshot) == (len(TOOLS) if caller is None else 2)
    return sorted(row["name"] for row in reply["tools"]), str(reply.get("notes", reply))


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("function", ["mine__send_letters", "mine__send_telegrams"]),
        (" CODE_EXEC ", ["mine__send_parcels"]),
        ("mcp_worker", ["post__send_letters"]),
    ],
)
def test_only_tools_of_the_kind_are_found(kind: str, expected: list[str]) -> None:
    assert anyio.run(_found, {"kind": kind})[0] == expected


def test_what_a_caller_may_not_see_is_not_found_by_its_kind_either() -> None:
    caller = Caller(profiles=(Profile("p", allow=Rules(tools=("mine__send_letters", "post__*"))),))
    assert anyio.run(_found, {"kind": "function"}, caller)[0] == ["mine__send_letters"]


def test_a_kind_that_no_tool_has_is_said_and_all_are_searched() -> None:
    names, told = anyio.run(_found, {"kind": "magic"})
    assert len(names) > 1
    assert "there is no tool of kind 'magic', so all were searched; kinds: code_exec, function, mcp_worker" in told


def test_a_model_is_told_of_kinds_only_where_it_could_choose() -> None:
    several, one = (meta_tools("Find.", kinds=kinds)[0].input_schema["properties"] for kinds in (["b", "a"], ["a"]))
    assert several["kind"]["enum"] == ["a", "b"]
    assert "kind" not in one


def test_a_profile_may_be_of_kinds() -> None:
    profile = Profile("p", allow=Rules(kinds=("func*",)))
    assert [profile.shows(tool) for tool in TOOLS] == [False, True, False, True]
