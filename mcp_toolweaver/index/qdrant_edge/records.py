"""Our points as the engine's, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import qdrant_edge as qe

from mcp_toolweaver.core.tools import ToolId
from mcp_toolweaver.index.engine import MEANING, WORDS, Point, Sparse, StoredPoint
from mcp_toolweaver.index.payload import HAS_MEANING, to_payload

if TYPE_CHECKING:
    from mcp_toolweaver.core.query import Vector


def to_struct(point: Point, catalog: str) -> qe.Point:
    """Return the point as it is written."""
    vectors: dict[str, Any] = {} if point.meaning is None else {MEANING: point.meaning.tolist()}
    if len(point.words.indices):
        vectors[WORDS] = to_sparse(point.words)
    return qe.Point(point.id, vectors, to_payload(point.payload, catalog, has_meaning=point.meaning is not None))


def to_sparse(sparse: Sparse) -> qe.SparseVector:
    """Return a sparse vector."""
    return qe.SparseVector(list(sparse.indices), list(sparse.values))


def to_stored(record: qe.Record) -> StoredPoint:
    """Return what a point says of itself.

    Raises:
        KeyError: no Toolweaver wrote it.
    """
    payload = record.payload or {}
    words: Any = record.vector.get(WORDS) if isinstance(record.vector, dict) else None
    pairs = sorted(zip(words.indices, words.values, strict=True)) if words is not None else []
    return StoredPoint(
        int(record.id),
        ToolId(payload["server"], payload["name"]),
        payload["digest"],
        payload["domain"],
        payload[HAS_MEANING],
        Sparse([index for index, _ in pairs], [value for _, value in pairs]),
    )


def to_vector(record: qe.Record) -> Vector | None:
    """Return the vector of meaning, if the point has one."""
    vector: Any = record.vector.get(MEANING) if isinstance(record.vector, dict) else None
    return None if vector is None else np.asarray(vector, dtype=np.float32)
