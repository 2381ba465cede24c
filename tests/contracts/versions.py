"""What the faults of an index are told with: a catalog in several versions, and whether an index has just one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from mcp_toolweaver.core.interfaces import ToolIndex
from mcp_toolweaver.core.query import IndexEntry, IndexQuery
from mcp_toolweaver.core.tools import Tool
from mcp_toolweaver.index.change import point_id
from mcp_toolweaver.index.memory import MemoryIndex
from tests.contracts.asking import asking, probe
from tests.fakes.embedder import FakeEmbedder
from tests.fakes.tools import make_tool

MODEL = FakeEmbedder(dimension=16)
CATALOG = "mine"

QUESTIONS = [
    asking("thing", limit=10, vector=MODEL.vector("question")),
    asking("version1 version2", limit=1000, vector=MODEL.vector("other")),
    asking("thing", limit=5, domain="SERVER1", vector=MODEL.vector("third")),
    asking("thing", limit=7),
    asking("", limit=3, vector=MODEL.vector("fourth")),
    IndexQuery((probe("thing", MODEL.vector("a")), probe("version2", MODEL.vector("b"))), 8, likely=("server2",)),
]


def version(number: int, *, size: int = 40) -> list[Tool]:
    """Return a catalog whose tools all say in which version they are; no two of the first 70 score alike."""
    return [
        make_tool(f"tool_{at}", f"thing of version{number} {more(at)}", server=f"server{at % 3}") for at in range(size)
    ]


def more(number: int) -> str:
    """Return so many words, or fewer."""
    return " ".join(f"word{at}" for at in range(number % 70))


def entries(tools: Sequence[Tool]) -> list[IndexEntry]:
    """Return the tools with their vectors."""
    return [IndexEntry(tool, MODEL.vector(f"{tool.id.name} {tool.description}")) for tool in tools]


def ids(tools: Sequence[Tool]) -> set[int]:
    """Return the points of the tools."""
    return {point_id(CATALOG, tool) for tool in tools}


async def assert_same(index: ToolIndex, tools: Sequence[Tool]) -> None:
    """Check that the index answers as an exact one does that holds just these tools."""
    exact = MemoryIndex()
    await exact.apply(entries(tools), [])
    assert await index.digests() == {tool.id: tool.digest for tool in tools}
    assert await index.unembedded() == 0
    for question in QUESTIONS:
        found, expected = await index.query(question), await exact.query(question)
        assert found.crowd == pytest.approx(expected.crowd, abs=1e-5)
        matches = {match.id: (*match.lexical, *match.dense, match.coverage) for match in found.matches}
        wanted = {match.id: (*match.lexical, *match.dense, match.coverage) for match in expected.matches}
        assert matches.keys() == wanted.keys()
        for tool, scores in wanted.items():
            np.testing.assert_allclose(matches[tool], scores, atol=1e-4)
