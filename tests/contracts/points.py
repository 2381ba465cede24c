"""What the promises of an engine are told with: points in one line, in a space of eight dimensions."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from mcp_toolweaver.index.engine import (
    MEANING,
    WORDS,
    Engine,
    Lane,
    Payload,
    Point,
    PointId,
    Sparse,
    StoredPoint,
    Within,
)

if TYPE_CHECKING:
    from mcp_toolweaver.core.query import Vector

SPACE = "contract/8"
DIMENSION = 8

EnginePromise: TypeAlias = Callable[[Engine], Awaitable[None]]
"""Takes an empty engine of `DIMENSION`."""
SharingPromise: TypeAlias = Callable[[Engine, Engine], Awaitable[None]]
"""Takes two empty engines: two catalogs in one place."""

NOTHING = Sparse((), ())


def unit(*numbers: float) -> Vector:
    """Return the vector of length 1 that starts with these numbers and goes on with zeros."""
    padded = np.zeros(DIMENSION, dtype=np.float32)
    padded[: len(numbers)] = numbers
    return np.asarray(padded / np.linalg.norm(padded), dtype=np.float32)


def sparse(**weights: float) -> Sparse:
    """Return a sparse vector from dimensions written as ``d7=0.5``."""
    pairs = sorted((int(name[1:]), value) for name, value in weights.items())
    return Sparse([dimension for dimension, _ in pairs], [value for _, value in pairs])


def make_point(
    id_: PointId,
    *,
    server: str = "files",
    name: str = "read_file",
    domain: str = "storage",
    words: Sparse = NOTHING,
    meaning: Vector | None = None,
    text: str = "",
) -> Point:
    """Return a point as an index would write it."""
    payload = Payload(
        server=server,
        name=name,
        domain=domain,
        title="Read",
        description="Reads a file. Liest eine Datei. 读取文件。",
        parameters=("path", "encoding"),
        kind="tool",
        digest=f"digest {id_}",
        text=text or f"text {id_}",
        generation="g1",
        updated="2026-11-21T20:00:00Z",
    )
    return Point(id_, words, payload, meaning)


def renamed(point: Point, name: str) -> Point:
    """Return the point with another name and digest."""
    return replace(point, payload=replace(point.payload, name=name, digest=f"digest of {name}"))


def by_words(query: Sparse, limit: int = 10, *, domain: str | None = None, among: Sequence[int] | None = None) -> Lane:
    """Return a lane of words."""
    return Lane(WORDS, query, limit, domain, among)


def by_meaning(
    query: Vector,
    limit: int = 10,
    *,
    domain: str | None = None,
    among: Sequence[int] | None = None,
    within: Within | None = None,
) -> Lane:
    """Return a lane of meaning."""
    return Lane(MEANING, query, limit, domain, among, within)


async def find(engine: Engine, lane: Lane) -> dict[PointId, float]:
    """Return what one lane finds, which must not repeat, best first."""
    (found,) = await engine.search([lane])
    scores = [score for _, score in found]
    assert scores == sorted(scores, reverse=True)
    assert len(dict(found)) == len(found)
    return dict(found)


async def stored(engine: Engine) -> dict[PointId, StoredPoint]:
    """Return all points of the engine, which must not repeat."""
    points = [point async for page in engine.points() for point in page]
    by_id = {point.id: point for point in points}
    assert len(by_id) == len(points)
    return by_id
