"""What a vector database is to us: points that are written, removed, listed and searched in batches.

A point is one version of one tool. `StoredIndex` is a `ToolIndex` over any engine, so that all of
them rank alike; an engine knows nothing of questions or catalogs.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal, Protocol, TypeAlias

from typing_extensions import Buffer

from mcp_toolweaver.core.tools import ToolId

if TYPE_CHECKING:
    from mcp_toolweaver.core.query import Vector

PointId: TypeAlias = int
"""Unsigned, 64 bits: the hash of the catalog's name, the tool's identity and its digest."""

MEANING: Final = "meaning"
"""The dense vector, compared by cosine."""
WORDS: Final = "words"
"""The sparse vector of the BM25F saturation of each term, without how rare it is: the query brings that."""

Space: TypeAlias = Literal["meaning", "words"]
"""The two named vectors of a point; there is no third."""


@dataclass(frozen=True, slots=True)
class Sparse:
    """A sparse vector: distinct dimensions, unsigned of 32 bits, in ascending order, and their values."""

    indices: Sequence[int]
    values: Sequence[float]


@dataclass(frozen=True, slots=True)
class Payload:
    """What a point says of its tool, for people, filters and other programs."""

    server: str
    name: str
    domain: str
    title: str
    description: str
    parameters: tuple[str, ...]
    """The names of the parameters."""
    kind: str
    """``tool``, or ``described`` for a tool that cannot be called."""
    digest: str
    text: str
    """The SHA-256 of the passage that was embedded, so that its vector can be found by its text."""
    generation: str
    """The generation of the catalog that wrote the point."""
    updated: str
    """When it was written: ISO 8601, UTC."""


@dataclass(frozen=True, slots=True)
class Point:
    """A version of a tool as it is written."""

    id: PointId
    words: Sparse
    payload: Payload
    meaning: Vector | None


@dataclass(frozen=True, slots=True)
class StoredPoint:
    """What is read back of a point to know what is there."""

    id: PointId
    tool: ToolId
    digest: str
    domain: str
    has_meaning: bool
    words: Sparse


@dataclass(frozen=True, slots=True)
class Within:
    """Points of some servers, and some of others."""

    servers: frozenset[str]
    points: frozenset[PointId]


@dataclass(frozen=True, slots=True)
class Lane:
    """One search of a batch."""

    space: Space
    query: Vector | Sparse
    limit: int
    domain: str | None = None
    """Only points of this domain or server, in any case."""
    among: Collection[PointId] | None = None
    """Only these points."""
    within: Within | None = None
    """Only points in this part."""


Found: TypeAlias = Sequence[tuple[PointId, float]]
"""Points and their scores, best first: the cosine, or the dot product of sparse vectors where it is above 0."""


@dataclass(frozen=True, slots=True)
class Report:
    """What an engine says of itself."""

    where: str
    """Its folder, or its address without credentials."""
    collection: str = ""
    catalogs: Mapping[str, int] = field(default_factory=dict[str, int])
    """How many points each catalog has, where there may be several."""
    bytes_on_disk: int | None = None
    """None where the engine does not say."""


class Engine(Protocol):
    """A vector database, with the points of one catalog in one vector space."""

    is_shared: bool
    """Whether others may write the same points."""

    async def search(self, lanes: Sequence[Lane]) -> Sequence[Found]:
        """Return what each lane found, in one round trip.

        Raises:
            Unavailable: the engine is away, slow, or answers nonsense.
        """
        ...

    async def write(self, points: Sequence[Point]) -> None:
        """Insert or replace points, durably; in batches of the engine's own size.

        Where others may write too, a point without a vector leaves one of its id as it is: they have
        given it its vector.

        Raises:
            Unavailable: not all of it could be written.
        """
        ...

    async def remove(self, ids: Collection[PointId]) -> None:
        """Delete points; unknown ones are ignored.

        Raises:
            Unavailable: not all of them could be deleted.
        """
        ...

    def points(self) -> AsyncIterator[Sequence[StoredPoint]]:
        """Read all points of the catalog, page by page.

        Raises:
            Unavailable: the engine is away, or what it holds is not ours.
        """
        ...

    async def vectors(self, texts: Collection[str]) -> dict[str, Vector]:
        """Return the vectors of texts by the SHA-256 of each, as far as any catalog of the engine has them.

        Raises:
            Unavailable: the engine is away.
        """
        ...

    async def read_view(self) -> Buffer | None:
        """Return what `write_view` kept last; None if there is nothing, it is damaged, or others may have written."""
        ...

    async def write_view(self, view: bytes) -> None:
        """Keep, atomically, which points are searchable; an engine that is shared keeps nothing."""
        ...

    async def discard(self) -> None:
        """Let go of everything, since it cannot be trusted; asked only of an engine that is not shared.

        Raises:
            Unavailable: nothing new can be begun.
        """
        ...

    async def describe(self) -> Report:
        """Say where and how large it is.

        Raises:
            Unavailable: the engine is away.
        """
        ...

    async def settle(self) -> None:
        """Let the engine put in order what was written: build graphs, merge segments. Searches go on."""
        ...
