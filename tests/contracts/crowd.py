"""What every `ToolIndex` promises about the crowd, which confidence is measured by."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from mcp_toolweaver.core.interfaces import ToolIndex
from mcp_toolweaver.core.query import IndexEntry, IndexQuery
from mcp_toolweaver.core.tools import Tool
from tests.contracts.asking import MODEL, Promise, asking, probe
from tests.fakes.tools import make_tool

TOOLS = [make_tool(f"tool_{number}", "thing", server=f"server{number % 2}") for number in range(200)]
VECTOR = MODEL.vector("question")


async def crowd_of(index: ToolIndex, tools: Sequence[Tool], *, limit: int = 10) -> float | None:
    await index.apply([IndexEntry(tool, MODEL.vector(tool.id.name)) for tool in tools], [])
    return (await index.query(asking("thing", limit=limit, vector=VECTOR))).crowd


def ranks(tools: Sequence[Tool], start: int, end: int) -> float:
    """Return the mean cosine of the tools whose rank is above ``start`` and at most ``end``."""
    cosines = sorted((float(MODEL.vector(tool.id.name) @ VECTOR) for tool in tools), reverse=True)
    return float(np.mean(cosines[start:end]))


async def the_crowd_is_what_comes_after_the_first_fifty(index: ToolIndex) -> None:
    assert await crowd_of(index, TOOLS) == pytest.approx(ranks(TOOLS, 50, 150), abs=1e-5)


async def the_crowd_of_a_small_catalog_is_its_lower_half(index: ToolIndex) -> None:
    assert await crowd_of(index, TOOLS[:60]) == pytest.approx(ranks(TOOLS[:60], 30, 60), abs=1e-5)


async def the_crowd_does_not_depend_on_the_limit(index: ToolIndex) -> None:
    few, many = await crowd_of(index, TOOLS, limit=1), await crowd_of(index, TOOLS, limit=100)
    assert many is not None
    assert few == pytest.approx(many, abs=1e-6)


async def the_crowd_does_not_depend_on_the_parts_of_a_question(index: ToolIndex) -> None:
    alone = await crowd_of(index, TOOLS)
    question = IndexQuery((probe("thing", VECTOR), probe("part", MODEL.vector("part"))), 10)
    assert (await index.query(question)).crowd == pytest.approx(alone, abs=1e-5)


async def a_few_tools_are_no_crowd(index: ToolIndex) -> None:
    assert await crowd_of(index, TOOLS[:5]) is None


async def tools_without_vectors_are_not_in_the_crowd(index: ToolIndex) -> None:
    await index.apply([IndexEntry(tool) for tool in TOOLS[100:]], [])
    assert await crowd_of(index, TOOLS[:5]) is None
    assert await crowd_of(index, TOOLS[:100]) == pytest.approx(ranks(TOOLS[:100], 50, 100), abs=1e-5)


async def tools_that_a_filter_leaves_out_are_not_in_the_crowd(index: ToolIndex) -> None:
    await crowd_of(index, TOOLS)
    found = await index.query(asking("thing", vector=VECTOR, domain="server1"))
    assert found.crowd == pytest.approx(ranks(TOOLS[1::2], 50, 100), abs=1e-5)


async def a_question_without_a_vector_knows_no_crowd(index: ToolIndex) -> None:
    await crowd_of(index, TOOLS)
    assert (await index.query(asking("thing"))).crowd is None
    assert (await index.query(IndexQuery((), 10))).crowd is None


PROMISES_ABOUT_THE_CROWD: tuple[Promise, ...] = (
    the_crowd_is_what_comes_after_the_first_fifty,
    the_crowd_of_a_small_catalog_is_its_lower_half,
    the_crowd_does_not_depend_on_the_limit,
    the_crowd_does_not_depend_on_the_parts_of_a_question,
    a_few_tools_are_no_crowd,
    tools_without_vectors_are_not_in_the_crowd,
    tools_that_a_filter_leaves_out_are_not_in_the_crowd,
    a_question_without_a_vector_knows_no_crowd,
)
