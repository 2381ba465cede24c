"""Outcomes as short to write as possible."""

from collections.abc import Sequence

from mcp_toolweaver.core.query import Confidence
from mcp_toolweaver.core.tools import ToolId
from mcp_toolweaver.evaluation import LabelledQuery, Outcome


def query(text: str, *needs: str, kind: str = "", id_: str = "") -> LabelledQuery:
    """Return a query; each need is its alternatives, separated by spaces."""
    return LabelledQuery(id_ or f"id-{text}", text, tuple(tuple(need.split()) for need in needs), kind)


def outcome(asked: LabelledQuery, found: str = "", *, confidence: Confidence = "high") -> Outcome:
    """Return what a searcher found, names of tools of the server ``s`` separated by spaces."""
    ranked = tuple(ToolId("s", name) for name in found.split())
    return Outcome(asked, ranked, confidence, "hybrid", (), 0.001)


def perfect(queries: Sequence[LabelledQuery]) -> list[Outcome]:
    """Return what a searcher finds that always puts the right tools first."""
    return [outcome(each, " ".join(need[0].removeprefix("s::") for need in each.needs)) for each in queries]
