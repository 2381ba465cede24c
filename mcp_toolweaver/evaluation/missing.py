"""Labels that no tool of the catalog answers to: a searcher can never earn them."""

from __future__ import annotations

from collections.abc import Sequence

from mcp_toolweaver.core.tools import Snapshot
from mcp_toolweaver.evaluation.labelled import LabelledQuery


def missing_labels(queries: Sequence[LabelledQuery], snapshot: Snapshot) -> tuple[str, ...]:
    """Return the alternatives of all needs that no tool of the catalog can meet, each once, as they come.

    A need with one alternative in the catalog can be met; its other alternatives do not count.
    """
    known = {str(tool_id) for tool_id in snapshot.tools} | set(snapshot.by_tool_name)
    needs = (need for query in queries for need in query.needs)
    hopeless = (need for need in needs if known.isdisjoint(need))
    return tuple(dict.fromkeys(alternative for need in hopeless for alternative in need))
