"""What an engine holds of a catalog, read back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mcp_toolweaver.core.threads import run_in_thread
from mcp_toolweaver.core.tools import ToolId
from mcp_toolweaver.index.engine import Engine, PointId, StoredPoint
from mcp_toolweaver.index.view import Row, View
from mcp_toolweaver.index.view_file import decode


@dataclass(frozen=True, slots=True)
class Held:
    """The points of a catalog."""

    view: View
    """One version of each tool."""
    spare: Mapping[PointId, Row]
    """The others."""


async def read(engine: Engine, before: View | None = None) -> Held:
    """Read the view that the engine kept, or else all points.

    Of several versions of a tool, which a crash or another writer leaves behind, the one that was searchable
    ``before`` is searchable still, or else any: the next change of the catalog decides.

    Raises:
        Unavailable: the engine cannot be read.
    """
    kept = await engine.read_view()
    view = None if kept is None else await run_in_thread(decode, kept)
    if view is not None:
        return Held(view, {})
    rows = [_row(point) async for page in engine.points() for point in page]
    return await run_in_thread(_chosen, rows, before or View.empty())


def _row(point: StoredPoint) -> Row:
    return Row(point.tool, point.digest, point.id, point.has_meaning, point.words)


def _chosen(rows: list[Row], before: View) -> Held:
    searchable: dict[ToolId, Row] = {}
    for row in sorted(rows, key=lambda row: row.point in before.row_of_point):
        searchable[row.tool] = row
    chosen = {row.point for row in searchable.values()}
    return Held(View.of(list(searchable.values())), {row.point: row for row in rows if row.point not in chosen})
