"""Which points of an engine are searchable: one version of each tool, and what its words are.

A view never changes. An index swaps it for the next one when everything that the next one names has
been written, so a change is searchable as a whole, and whatever else lies in the engine (old
versions, half of a change, the points of others) does not count.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from mcp_toolweaver.core.query import Reach
from mcp_toolweaver.core.tools import ToolId
from mcp_toolweaver.index.engine import PointId, Sparse


@dataclass(frozen=True, slots=True)
class Row:
    """One searchable tool."""

    tool: ToolId
    digest: str
    point: PointId
    has_meaning: bool
    words: Sparse


@dataclass(frozen=True)
class View:
    """The searchable tools; row i of everything is tool i."""

    tools: Sequence[ToolId]
    digests: Sequence[str]
    points: Sequence[PointId]
    has_meaning: NDArray[np.bool_]
    starts: NDArray[np.int64]
    """Where the words of each tool begin, and where the last one's end: shape ``(tools + 1,)``."""
    dimensions: NDArray[np.uint32]
    values: NDArray[np.float32]
    """The words of all tools, one after the other."""
    known: NDArray[np.uint32]
    """Every dimension that some tool has, ascending."""
    holders: NDArray[np.int64]
    """How many tools have it."""

    @classmethod
    def empty(cls) -> View:
        """Return the view of nothing."""
        return cls.of([])

    @classmethod
    def of(cls, rows: Sequence[Row]) -> View:
        """Return the view of these rows, which name each tool once."""
        dimensions, values, starts = _joined([row.words for row in rows])
        known, holders = np.unique(dimensions, return_counts=True)
        return cls(
            tools=[row.tool for row in rows],
            digests=[row.digest for row in rows],
            points=[row.point for row in rows],
            has_meaning=np.asarray([row.has_meaning for row in rows], dtype=np.bool_),
            starts=starts,
            dimensions=dimensions,
            values=values,
            known=known,
            holders=holders.astype(np.int64),
        )

    def __len__(self) -> int:
        return len(self.tools)

    @cached_property
    def row_of_point(self) -> Mapping[PointId, int]:
        """The row of each point."""
        return {point: row for row, point in enumerate(self.points)}

    @cached_property
    def row_of_tool(self) -> Mapping[ToolId, int]:
        """The row of each tool."""
        return {tool: row for row, tool in enumerate(self.tools)}

    @cached_property
    def digest_of_tool(self) -> Mapping[ToolId, str]:
        """The digest of each tool."""
        return dict(zip(self.tools, self.digests, strict=True))

    @cached_property
    def bare(self) -> Sequence[ToolId]:
        """The tools that have no vector of meaning."""
        return [self.tools[row] for row in np.flatnonzero(~self.has_meaning).tolist()]

    @cached_property
    def unembedded(self) -> int:
        """How many tools have no vector of meaning."""
        return int(np.count_nonzero(~self.has_meaning))

    @cached_property
    def generation(self) -> str:
        """The generation of the catalog that has these tools; see `Snapshot.generation`."""
        return hashlib.sha256("\n".join(sorted(self.digests)).encode()).hexdigest()[:16]

    def words(self, row: int) -> Sparse:
        """Return the words of a tool."""
        inside = slice(int(self.starts[row]), int(self.starts[row + 1]))
        return Sparse(self.dimensions[inside].tolist(), self.values[inside].tolist())

    def holders_of(self, dimensions: NDArray[np.uint32]) -> NDArray[np.int64]:
        """Return how many tools have each dimension."""
        if not len(self.known):
            return np.zeros(len(dimensions), dtype=np.int64)
        places = np.minimum(np.searchsorted(self.known, dimensions), len(self.known) - 1)
        return np.where(self.known[places] == dimensions, self.holders[places], 0)

    def part(self, reach: Reach) -> View:
        """Return the view of the tools in a part of the catalog, as if there were no others."""
        return self.changed((), [row for row, tool in enumerate(self.tools) if not reach.holds(tool)], ())

    def changed(self, upserts: Sequence[Row], gone: Collection[int], embedded: Collection[int]) -> View:
        """Return the view without the rows that are gone, with others added, and some that got a vector.

        The tools of ``upserts`` are not in the rows that stay.
        """
        stays = np.ones(len(self), dtype=np.bool_)
        stays[list(gone)] = False
        has_meaning = self.has_meaning.copy()
        has_meaning[list(embedded)] = True
        kept: list[int] = np.flatnonzero(stays).tolist()
        new = View.of(upserts)
        lengths = np.diff(self.starts)
        left = np.repeat(stays, lengths)
        known, holders = _counted(self, -1 * _tally(self.dimensions[~left], self.known), new)
        return View(
            tools=[*(self.tools[row] for row in kept), *new.tools],
            digests=[*(self.digests[row] for row in kept), *new.digests],
            points=[*(self.points[row] for row in kept), *new.points],
            has_meaning=np.concatenate([has_meaning[stays], new.has_meaning]),
            starts=_starts(np.concatenate([lengths[stays], np.diff(new.starts)])),
            dimensions=np.concatenate([self.dimensions[left], new.dimensions]),
            values=np.concatenate([self.values[left], new.values]),
            known=known,
            holders=holders,
        )


def _joined(words: Sequence[Sparse]) -> tuple[NDArray[np.uint32], NDArray[np.float32], NDArray[np.int64]]:
    dimensions = [np.asarray(each.indices, dtype=np.uint32) for each in words]
    values = [np.asarray(each.values, dtype=np.float32) for each in words]
    starts = _starts(np.asarray([len(each) for each in dimensions], dtype=np.int64))
    none = np.empty(0)
    return (
        np.concatenate([none.astype(np.uint32), *dimensions]),
        np.concatenate([none.astype(np.float32), *values]),
        starts,
    )


def _starts(lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(lengths, dtype=np.int64)])


def _tally(dimensions: NDArray[np.uint32], known: NDArray[np.uint32]) -> NDArray[np.int64]:
    """Return how often each known dimension occurs."""
    return np.bincount(np.searchsorted(known, dimensions), minlength=len(known)).astype(np.int64)


def _counted(old: View, difference: NDArray[np.int64], new: View) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    """Return the dimensions that are held still, and by how many tools."""
    known, inverse = np.unique(np.concatenate([old.known, new.known]), return_inverse=True)
    counts = np.bincount(inverse, weights=np.concatenate([old.holders + difference, new.holders]), minlength=len(known))
    held = counts > 0
    return known[held], counts[held].astype(np.int64)
