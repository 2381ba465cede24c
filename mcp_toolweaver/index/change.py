"""What has to be written to make a change of the catalog searchable."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import TypeAlias

from mcp_toolweaver.core.query import IndexEntry
from mcp_toolweaver.core.tools import Tool, ToolId
from mcp_toolweaver.index.engine import Payload, Point, PointId, Sparse
from mcp_toolweaver.index.sparse import words_of
from mcp_toolweaver.index.view import Row, View
from mcp_toolweaver.text.tool_text import passage_digest

_LONGEST_TITLE = 200
_LONGEST_DESCRIPTION = 4_000
_MOST_PARAMETERS = 64
"""How much of a definition, in characters and names, a point repeats for people; nothing reads it back."""

Spare: TypeAlias = Mapping[PointId, Row]
"""Points of the catalog that are in the engine and not in the view."""


@dataclass(frozen=True, slots=True)
class Change:
    """From one view to the next."""

    view: View
    """What will be searchable."""
    points: Sequence[Point]
    """What must be written before."""
    gone: Spare
    """What can be removed after."""


def change(view: View, spare: Spare, catalog: str, upserts: Sequence[IndexEntry], deletes: Sequence[ToolId]) -> Change:
    """Plan a change; what the engine holds already is not written again."""
    entries = {point_id(catalog, entry.tool): entry for entry in {each.tool.id: each for each in upserts}.values()}
    rows, tools = view.row_of_point, view.row_of_tool
    embedded = {
        rows[point]: entry
        for point, entry in entries.items()
        if point in rows and entry.vector is not None and not view.has_meaning[rows[point]]
    }
    new = {point: entry for point, entry in entries.items() if point not in rows}
    found = {point: spare[point] for point, entry in new.items() if _serves(spare.get(point), entry)}
    made = _rows({point: entry for point, entry in new.items() if point not in found})
    left = {tools[tool] for tool in (*deletes, *(entry.tool.id for entry in new.values())) if tool in tools}
    left = {row for row in left if view.points[row] not in entries}
    upserted = [*found.values(), *made]
    after = view.changed(upserted, left, embedded.keys())
    written = {row.point: (entries[row.point], row.words) for row in made}
    written |= {view.points[row]: (entry, view.words(row)) for row, entry in embedded.items()}
    gone = {view.points[row]: _row(view, row) for row in left}
    gone |= {point: row for point, row in spare.items() if point not in entries}
    return Change(after, _points(written, after.generation), gone)


def point_id(catalog: str, tool: Tool) -> PointId:
    """Return the point of this version of a tool in a catalog."""
    named = f"{catalog}\0{tool.id.server}\0{tool.id.name}\0{tool.digest}"
    return int.from_bytes(hashlib.sha256(named.encode(errors="replace")).digest()[:8], "big")


def _serves(stored: Row | None, entry: IndexEntry) -> bool:
    return stored is not None and (stored.has_meaning or entry.vector is None)


def _rows(entries: Mapping[PointId, IndexEntry]) -> list[Row]:
    words = words_of([entry.tool for entry in entries.values()])
    return [
        Row(entry.tool.id, entry.tool.digest, point, entry.vector is not None, held)
        for (point, entry), held in zip(entries.items(), words, strict=True)
    ]


def _row(view: View, row: int) -> Row:
    return Row(view.tools[row], view.digests[row], view.points[row], bool(view.has_meaning[row]), view.words(row))


def _points(written: Mapping[PointId, tuple[IndexEntry, Sparse]], generation: str) -> list[Point]:
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return [
        Point(point, words, _payload(entry.tool, generation, now), entry.vector)
        for point, (entry, words) in written.items()
    ]


def _payload(tool: Tool, generation: str, now: str) -> Payload:
    properties = tool.input_schema.get("properties")
    return Payload(
        server=tool.id.server,
        name=tool.id.name,
        domain=tool.domain,
        title=tool.title[:_LONGEST_TITLE],
        description=tool.description[:_LONGEST_DESCRIPTION],
        parameters=tuple(str(name)[:_LONGEST_TITLE] for name in islice(properties or (), _MOST_PARAMETERS)),
        kind=tool.kind if tool.is_callable else "described",
        digest=tool.digest,
        text=passage_digest(tool),
        generation=generation,
        updated=now,
    )
