"""What every `ToolIndex` promises. A test file runs `TOOL_INDEX_CONTRACT` on each implementation.

Each promise is an asynchronous function that takes an empty index. Implementations may
approximate nothing that is tested here: the catalogs are small.
"""

from __future__ import annotations

from dataclasses import replace

import anyio
import numpy as np
import pytest

from mcp_toolweaver.core.interfaces import ToolIndex
from mcp_toolweaver.core.query import IndexEntry, Reach
from mcp_toolweaver.core.tools import ToolId
from tests.contracts.asking import MAIL, MODEL, READ, WRITE, Promise, ask, asking
from tests.contracts.crowd import PROMISES_ABOUT_THE_CROWD
from tests.contracts.likely import PROMISES_ABOUT_LIKELY_DOMAINS
from tests.contracts.parts import PROMISES_ABOUT_PARTS
from tests.contracts.reach import PROMISES_ABOUT_A_PART
from tests.fakes.tools import make_tool

__all__ = ["TOOL_INDEX_CONTRACT", "Promise"]


async def an_empty_index_finds_nothing(index: ToolIndex) -> None:
    vector = MODEL.vector("x")
    for query in (asking("read"), asking("read", vector=vector, domain="files"), asking("", vector=vector)):
        assert await ask(index, query) == {}
    assert await index.digests() == {}


async def what_was_added_is_found_by_its_words(index: ToolIndex) -> None:
    await index.apply([IndexEntry(READ), IndexEntry(MAIL)], [])
    found = await ask(index, asking("reading files"))
    assert set(found) == {"read_file"}
    assert found["read_file"].id == READ.id
    assert found["read_file"].lexical[0] > 0
    assert found["read_file"].dense == ()


async def digests_tell_what_is_indexed(index: ToolIndex) -> None:
    await index.apply([IndexEntry(READ), IndexEntry(MAIL)], [])
    assert await index.digests() == {READ.id: READ.digest, MAIL.id: MAIL.digest}
    await index.apply([], [READ.id])
    assert await index.digests() == {MAIL.id: MAIL.digest}


async def what_was_deleted_is_not_found(index: ToolIndex) -> None:
    await index.apply([IndexEntry(READ, MODEL.vector("r")), IndexEntry(WRITE, MODEL.vector("w"))], [])
    await index.apply([], [READ.id])
    assert set(await ask(index, asking("file", vector=MODEL.vector("r")))) == {"write_file"}


async def deleting_what_is_not_there_changes_nothing(index: ToolIndex) -> None:
    await index.apply([IndexEntry(READ)], [ToolId("no", "such")])
    assert set(await ask(index, asking("file"))) == {"read_file"}


async def a_tool_applied_again_is_replaced(index: ToolIndex) -> None:
    await index.apply([IndexEntry(READ, MODEL.vector("old"))], [])
    renamed = replace(READ, definition={**READ.definition, "description": "Opens a zebra."})
    await index.apply([IndexEntry(renamed)], [])
    assert await index.digests() == {READ.id: renamed.digest}
    assert await ask(index, asking("disk")) == {}
    found = await ask(index, asking("zebra", vector=MODEL.vector("old")))
    assert found["read_file"].dense == ()


async def a_vector_added_later_makes_a_tool_found_by_meaning(index: ToolIndex) -> None:
    await index.apply([IndexEntry(READ)], [])
    query = asking("", vector=MODEL.vector("r"))
    assert await ask(index, query) == {}
    await index.apply([IndexEntry(READ, MODEL.vector("r"))], [])
    found = await ask(index, query)
    assert found["read_file"].dense == pytest.approx((1.0,), abs=1e-5)
    assert found["read_file"].lexical == (0.0,)


async def the_last_tool_can_be_deleted(index: ToolIndex) -> None:
    await index.apply([IndexEntry(READ, MODEL.vector("r"))], [])
    await index.apply([], [READ.id])
    assert await ask(index, asking("file", vector=MODEL.vector("r"))) == {}
    assert await index.digests() == {}


async def tools_of_one_name_on_two_servers_are_two_tools(index: ToolIndex) -> None:
    other = make_tool("read_file", "Reads a file from the disk.", server="other")
    await index.apply([IndexEntry(READ), IndexEntry(other)], [])
    matches = (await index.query(asking("read file"))).matches
    assert {match.id for match in matches} == {READ.id, other.id}


async def a_filter_is_a_domain_or_a_server_in_any_case(index: ToolIndex) -> None:
    vectors = {tool.id: MODEL.vector(tool.id.name) for tool in (READ, WRITE, MAIL)}
    await index.apply([IndexEntry(tool, vectors[tool.id]) for tool in (READ, WRITE, MAIL)], [])
    query = asking("file message", vector=MODEL.vector("x"))
    expected = {
        "storage": {"read_file", "write_file"},
        "STORAGE": {"read_file", "write_file"},
        "files": {"read_file", "write_file"},
        "Files": {"read_file", "write_file"},
        "people": {"send_mail"},
        "MAIL": {"send_mail"},
        "stor": set[str](),
        "none": set[str](),
    }
    for domain, names in expected.items():
        assert set(await ask(index, replace(query, domain=domain))) == names, domain


async def a_filter_leaves_room_for_all_that_pass_it(index: ToolIndex) -> None:
    crowd = [make_tool(f"file_{number}", "file file file", server="crowd") for number in range(30)]
    await index.apply([IndexEntry(tool, MODEL.vector("same")) for tool in (*crowd, READ, WRITE)], [])
    query = asking("file", limit=2, domain="files", vector=MODEL.vector("same"))
    assert set(await ask(index, query)) == {"read_file", "write_file"}


async def a_part_of_the_catalog_is_all_that_is_looked_through(index: ToolIndex) -> None:
    crowd = [make_tool(f"file_{number}", "file file file", server="crowd") for number in range(30)]
    tools = (*crowd, READ, WRITE, MAIL)
    await index.apply([IndexEntry(tool, MODEL.vector("same")) for tool in tools], [])
    query = asking("file message", limit=2, vector=MODEL.vector("same"))
    parts = {
        Reach(frozenset({"files"}), frozenset()): {"read_file", "write_file"},
        Reach(frozenset({"Mail"}), frozenset({READ.id})): {"send_mail", "read_file"},
        Reach(frozenset(), frozenset({WRITE.id, ToolId("none", "none")})): {"write_file"},
        Reach(frozenset({"mail", "storage"}), frozenset()): set[str](),
        Reach(frozenset(), frozenset()): set[str](),
    }
    for part, names in parts.items():
        assert set(await ask(index, replace(query, within=part))) == names, part
    files = Reach(frozenset({"files", "crowd"}), frozenset())
    assert set(await ask(index, replace(query, domain="storage", within=files))) == {"read_file", "write_file"}
    assert set(await ask(index, replace(query, likely=("mail",), within=files))).isdisjoint({"send_mail"})


async def a_limit_beyond_the_catalog_returns_all(index: ToolIndex) -> None:
    await index.apply([IndexEntry(tool, MODEL.vector(tool.id.name)) for tool in (READ, WRITE, MAIL)], [])
    found = await ask(index, asking("", limit=1000, vector=MODEL.vector("x")))
    assert set(found) == {"read_file", "write_file", "send_mail"}


async def each_lane_brings_its_own_best(index: ToolIndex) -> None:
    await index.apply([IndexEntry(READ, MODEL.vector("a")), IndexEntry(MAIL, MODEL.vector("b"))], [])
    found = await ask(index, asking("disk", limit=1, vector=MODEL.vector("b")))
    assert set(found) == {"read_file", "send_mail"}
    assert found["read_file"].lexical[0] > 0 == found["send_mail"].lexical[0]
    assert found["send_mail"].dense == pytest.approx((1.0,), abs=1e-5)


async def a_limit_of_nothing_returns_nothing(index: ToolIndex) -> None:
    await index.apply([IndexEntry(READ, MODEL.vector("a")), IndexEntry(MAIL, MODEL.vector("b"))], [])
    assert await ask(index, asking("file message", limit=0, vector=MODEL.vector("b"))) == {}


async def meaning_ranks_by_the_exact_cosine(index: ToolIndex) -> None:
    tools = [make_tool(f"tool_{number}") for number in range(60)]
    matrix = np.stack([MODEL.vector(tool.id.name) for tool in tools])
    await index.apply([IndexEntry(tool, vector) for tool, vector in zip(tools, matrix, strict=True)], [])
    for text in ("one", "two", "three"):
        query = MODEL.vector(text)
        cosines = dict(zip((tool.id.name for tool in tools), (matrix @ query).tolist(), strict=True))
        found = await ask(index, asking("", limit=7, vector=query))
        assert set(found) == {name for _cosine, name in sorted(((at, name) for name, at in cosines.items()))[-7:]}
        assert {name: match.dense[0] for name, match in found.items()} == pytest.approx(
            {name: cosines[name] for name in found}, abs=1e-5
        )


async def tools_without_vectors_are_not_found_by_meaning(index: ToolIndex) -> None:
    await index.apply([IndexEntry(READ, MODEL.vector("r")), IndexEntry(MAIL)], [])
    found = await ask(index, asking("message", vector=MODEL.vector("r")))
    assert len(found["read_file"].dense) == 1
    assert found["send_mail"].dense == ()
    assert found["send_mail"].lexical[0] > 0


async def tools_without_vectors_are_counted(index: ToolIndex) -> None:
    assert await index.unembedded() == 0
    await index.apply([IndexEntry(READ), IndexEntry(WRITE), IndexEntry(MAIL, MODEL.vector("m"))], [])
    assert await index.unembedded() == 2
    await index.apply([IndexEntry(READ, MODEL.vector("r"))], [WRITE.id])
    assert await index.unembedded() == 0


async def more_of_the_words_is_more_coverage(index: ToolIndex) -> None:
    await index.apply([IndexEntry(READ), IndexEntry(WRITE), IndexEntry(MAIL)], [])
    found = await ask(index, asking("read file"))
    assert found["read_file"].coverage == pytest.approx(1.0)
    assert 0 < found["write_file"].coverage < found["read_file"].coverage
    partly = await ask(index, asking("read file zebra"))
    assert 0 < partly["read_file"].coverage < 1


async def a_rarer_word_scores_higher(index: ToolIndex) -> None:
    crowd = [make_tool(f"common_{number}", "common") for number in range(10)]
    await index.apply([IndexEntry(tool) for tool in (*crowd, make_tool("rare_0", "rare"))], [])
    found = await ask(index, asking("common rare", limit=100))
    best = max(found.values(), key=lambda match: match.lexical)
    assert best.id.name == "rare_0"


async def ties_are_settled_the_same_way_every_time(index: ToolIndex) -> None:
    tools = [make_tool(f"same_{number}", "equal words") for number in range(20)]
    await index.apply([IndexEntry(tool, MODEL.vector("same")) for tool in tools], [])
    query = asking("equal", limit=5, vector=MODEL.vector("same"))
    first = await ask(index, query)
    assert 5 <= len(first) <= 10
    for _ in range(3):
        assert set(await ask(index, query)) == set(first)


async def a_query_sees_all_of_a_change_or_nothing(index: ToolIndex) -> None:
    old = [make_tool(f"old_{number}", "thing") for number in range(40)]
    new = [make_tool(f"new_{number}", "thing") for number in range(40)]
    names = [{tool.id.name for tool in tools} for tools in (old, new)]
    await index.apply([IndexEntry(tool, MODEL.vector("x")) for tool in old], [])
    done = anyio.Event()
    seen: list[set[str]] = []

    async def change() -> None:
        await index.apply([IndexEntry(tool, MODEL.vector("x")) for tool in new], [tool.id for tool in old])
        done.set()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(change)
        while not done.is_set():
            seen.append(set(await ask(index, asking("thing", limit=100, vector=MODEL.vector("x")))))
            await anyio.lowlevel.checkpoint()
    assert all(state in names for state in seen)
    assert set(await ask(index, asking("thing", limit=100))) == names[1]


TOOL_INDEX_CONTRACT: tuple[Promise, ...] = (
    an_empty_index_finds_nothing,
    what_was_added_is_found_by_its_words,
    digests_tell_what_is_indexed,
    what_was_deleted_is_not_found,
    deleting_what_is_not_there_changes_nothing,
    a_tool_applied_again_is_replaced,
    a_vector_added_later_makes_a_tool_found_by_meaning,
    the_last_tool_can_be_deleted,
    tools_of_one_name_on_two_servers_are_two_tools,
    a_filter_is_a_domain_or_a_server_in_any_case,
    a_filter_leaves_room_for_all_that_pass_it,
    a_part_of_the_catalog_is_all_that_is_looked_through,
    a_limit_beyond_the_catalog_returns_all,
    each_lane_brings_its_own_best,
    a_limit_of_nothing_returns_nothing,
    meaning_ranks_by_the_exact_cosine,
    tools_without_vectors_are_not_found_by_meaning,
    tools_without_vectors_are_counted,
    more_of_the_words_is_more_coverage,
    a_rarer_word_scores_higher,
    ties_are_settled_the_same_way_every_time,
    a_query_sees_all_of_a_change_or_nothing,
    *PROMISES_ABOUT_PARTS,
    *PROMISES_ABOUT_THE_CROWD,
    *PROMISES_ABOUT_LIKELY_DOMAINS,
    *PROMISES_ABOUT_A_PART,
)
