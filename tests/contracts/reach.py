"""What every `ToolIndex` promises about a part of the catalog: it is looked through as if it were all there is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mcp_toolweaver.core.interfaces import ToolIndex
from mcp_toolweaver.core.query import IndexEntry, IndexQuery, Reach
from tests.contracts.asking import MAIL, MODEL, READ, WRITE, Promise, asking, probe
from tests.fakes.tools import make_tool


def told(number: int) -> str:
    """Return more words with each number, so that no two tools are matched alike."""
    return " ".join(f"word{at}" for at in range(number))


CROWD = [make_tool(f"file_{number}", f"file of a disk {told(number)}", server="crowd") for number in range(40)]
NOTES = [make_tool(f"note_{number}", f"note in a file {told(number)}", server="notes") for number in range(30)]
TOOLS = (*CROWD, *NOTES, READ, WRITE, MAIL)
PART = Reach(frozenset({"notes"}), frozenset({READ.id, MAIL.id}))
VECTOR = MODEL.vector("question")
QUESTIONS = (
    asking("read a file of notes", vector=VECTOR),
    asking("note message disk zebra", limit=3),
    replace(asking("file", limit=5, vector=VECTOR), likely=("notes", "crowd")),
    IndexQuery((probe("read a note and send it", VECTOR), probe("note"), probe("message", MODEL.vector("part"))), 4),
    replace(asking("file", vector=VECTOR), domain="storage"),
)


async def a_part_of_the_catalog_is_matched_as_if_it_were_all_there_is(index: ToolIndex) -> None:
    await index.apply([IndexEntry(tool, MODEL.vector(tool.id.name)) for tool in TOOLS], [])
    inside = [await index.query(replace(question, within=PART)) for question in QUESTIONS]
    await index.apply([], [tool.id for tool in TOOLS if not PART.holds(tool.id)])
    for question, found in zip(QUESTIONS, inside, strict=True):
        alone = await index.query(question)
        assert found.crowd == pytest.approx(alone.crowd, abs=1e-5)
        expected = {match.id: match for match in alone.matches}
        assert {match.id for match in found.matches} == expected.keys()
        for match in found.matches:
            assert match.lexical == pytest.approx(expected[match.id].lexical, rel=1e-5)
            assert match.dense == pytest.approx(expected[match.id].dense, abs=1e-5)
            assert match.coverage == pytest.approx(expected[match.id].coverage, abs=1e-5)


async def a_part_of_the_catalog_follows_its_changes(index: ToolIndex) -> None:
    await index.apply([IndexEntry(tool, MODEL.vector(tool.id.name)) for tool in (READ, *CROWD)], [])
    query = replace(asking("file note", limit=3, vector=VECTOR), within=PART)
    assert {match.id for match in (await index.query(query)).matches} == {READ.id}
    await index.apply([IndexEntry(NOTES[0], MODEL.vector("n"))], [])
    assert {match.id for match in (await index.query(query)).matches} == {READ.id, NOTES[0].id}
    await index.apply([], [READ.id])
    assert {match.id for match in (await index.query(query)).matches} == {NOTES[0].id}


PROMISES_ABOUT_A_PART: tuple[Promise, ...] = (
    a_part_of_the_catalog_is_matched_as_if_it_were_all_there_is,
    a_part_of_the_catalog_follows_its_changes,
)
