"""What an engine holds of a catalog, read back."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np

from mcp_toolweaver.core.errors import Unavailable
from mcp_toolweaver.core.threads import run_in_thread
from mcp_toolweaver.core.tools import ToolId
from mcp_toolweaver.index.engine import MEANING, WORDS, Engine, Lane, PointId, StoredPoint
from mcp_toolweaver.index.view import Row, View
from mcp_toolweaver.index.view_file import decode

_LOOKED_AT = 64

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Held:
    """The points of a catalog."""

    view: View
    """One version of each tool."""
    spare: Mapping[PointId, Row]
    """The others."""


async def read(engine: Engine, dimension: int, before: View | None = None, went: Collection[PointId] = ()) -> Held:
    """Read the view that the engine kept, or else all points.

    Of several versions of a tool, which a crash or another writer leaves behind, the one that was searchable
    ``before`` is searchable still, or else any: the next change of the catalog decides. Those that ``went`` from
    the catalog and are not removed yet are not searchable.

    Raises:
        Unavailable: the engine cannot be read.
    """
    kept = await engine.read_view()
    view = None if kept is None else await run_in_thread(decode, kept)
    if view is None:
        rows = [_row(point) async for page in engine.points() for point in page]
        return await run_in_thread(_chosen, rows, before or View.empty(), frozenset(went))
    held = await _stored(engine, view)
    if await _is_sound(engine, held.view, dimension):
        return held
    _log.warning("index: what is stored is damaged; it is built anew")
    await engine.discard()
    return Held(View.empty(), {})


async def _stored(engine: Engine, view: View) -> Held:
    """Return what a view names and is there."""
    if sum((await engine.describe()).catalogs.values()) == len(view):
        return Held(view, {})
    rows = [_row(point) async for page in engine.points() for point in page]
    return await run_in_thread(_compared, rows, view)


async def _is_sound(engine: Engine, view: View, dimension: int) -> bool:
    """Look at some points all over the view: whether each can be found by meaning and by words."""
    rows: list[int] = np.unique(np.linspace(0, len(view) - 1, _LOOKED_AT).astype(int)).tolist() if len(view) else []
    points = [view.points[row] for row in rows if view.has_meaning[row]]
    lanes = [Lane(MEANING, np.eye(1, dimension, dtype=np.float32)[0], len(points), among=points)]
    lanes += [
        Lane(WORDS, words, 1, among=[view.points[row]]) for row in rows[::8] if (words := view.words(row)).indices
    ]
    try:
        found = await engine.search(lanes)
    except Unavailable:
        return False
    return all(len(each) == lane.limit for each, lane in zip(found, lanes, strict=True))


def _row(point: StoredPoint) -> Row:
    return Row(point.tool, point.digest, point.id, point.has_meaning, point.words)


def _compared(rows: list[Row], view: View) -> Held:
    """Return what a view names and is there, and what a crash left beside it."""
    stored = {row.point: row for row in rows}
    lost = [row for point, row in view.row_of_point.items() if point not in stored]
    if lost:
        _log.warning("index: %d of %d tools are not stored any more; they are written anew", len(lost), len(view))
    spare = {point: row for point, row in stored.items() if point not in view.row_of_point}
    return Held(view.changed([], lost, []) if lost else view, spare)


def _chosen(rows: list[Row], before: View, went: Collection[PointId]) -> Held:
    searchable: dict[ToolId, Row] = {}
    for row in sorted(rows, key=lambda row: row.point in before.row_of_point):
        if row.point not in went:
            searchable[row.tool] = row
    chosen = {row.point for row in searchable.values()}
    return Held(View.of(list(searchable.values())), {row.point: row for row in rows if row.point not in chosen})
