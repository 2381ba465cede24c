"""The texts that are embedded: questions of five to twenty words, and the passages of tools."""

from __future__ import annotations

from itertools import cycle, islice

from bench.index_tools import snapshot_of, workload
from mcp_toolweaver.demo import CATALOG, QUERIES
from mcp_toolweaver.evaluation import read_labelled
from mcp_toolweaver.text.tool_text import passage

WORDS = range(5, 21)


def questions(number: int) -> list[str]:
    """Return so many questions of five to twenty words, the demo's in turn."""
    found = [query.text for query in read_labelled(QUERIES) if len(query.text.split()) in WORDS]
    return list(islice(cycle(found), number))


def passages(number: int) -> list[str]:
    """Return the texts of so many tools: the demo's, and copies of them with other names."""
    demo = len(snapshot_of(CATALOG).tools)
    snapshot = workload(CATALOG, QUERIES, max(number, demo)).snapshot
    return [passage(tool) for tool in islice(snapshot.tools.values(), number)]
