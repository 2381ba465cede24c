"""Our points as Qdrant's, and back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from qdrant_client import models

from mcp_toolweaver.core.tools import ToolId
from mcp_toolweaver.index.engine import MEANING, WORDS, Point, Sparse, StoredPoint
from mcp_toolweaver.index.payload import HAS_MEANING, to_payload

if TYPE_CHECKING:
    from mcp_toolweaver.core.query import Vector

_BATCH_BYTES = 4 * 1024 * 1024
_BATCH_POINTS = 256
_NOT_UNIT = 1e-3


def to_struct(point: Point, catalog: str) -> models.PointStruct:
    """Return the point as it is written."""
    vectors: dict[str, Any] = {} if point.meaning is None else {MEANING: point.meaning.tolist()}
    if len(point.words.indices):
        vectors[WORDS] = to_sparse(point.words)
    payload = to_payload(point.payload, catalog, has_meaning=point.meaning is not None)
    return models.PointStruct(id=point.id, vector=vectors, payload=payload)


def to_sparse(sparse: Sparse) -> models.SparseVector:
    """Return a sparse vector, of plain numbers whatever it was made of."""
    indices, values = np.asarray(sparse.indices, dtype=np.uint32), np.asarray(sparse.values, dtype=np.float64)
    return models.SparseVector(indices=indices.tolist(), values=values.tolist())


def to_stored(record: models.Record) -> StoredPoint | None:
    """Return what a point says of itself; None for one that no Toolweaver wrote."""
    payload = record.payload or {}
    text = [payload.get(name) for name in ("server", "name", "digest", "domain")]
    if not isinstance(record.id, int) or not all(isinstance(value, str) for value in text):
        return None
    server, name, digest, domain = map(str, text)
    has_meaning = payload.get(HAS_MEANING) is True
    return StoredPoint(record.id, ToolId(server, name), digest, domain, has_meaning, _words(record))


def _words(record: models.Record) -> Sparse:
    words = record.vector.get(WORDS) if isinstance(record.vector, dict) else None
    if not isinstance(words, models.SparseVector):
        return Sparse((), ())
    pairs = sorted(zip(words.indices, words.values, strict=False))
    return Sparse([index for index, _ in pairs], [value for _, value in pairs])


def to_vector(record: models.Record, dimension: int) -> Vector | None:
    """Return the dense vector of a point, if it has one that can be compared by cosine."""
    vectors: Mapping[str, Any] = record.vector if isinstance(record.vector, dict) else {}
    vector = np.asarray(vectors.get(MEANING, ()), dtype=np.float32)
    if vector.shape != (dimension,) or not abs(float(np.linalg.norm(vector)) - 1) < _NOT_UNIT:
        return None  # also where a number is not finite
    return vector


def batches(points: Iterable[models.PointStruct], dimension: int) -> Iterator[list[models.PointStruct]]:
    """Yield the points in requests that any server accepts; its limit is 32 MiB unless changed."""
    batch: list[models.PointStruct] = []
    size = 0
    for point in points:
        grown = _size(point, dimension)
        if batch and (size + grown > _BATCH_BYTES or len(batch) == _BATCH_POINTS):
            yield batch
            batch, size = [], 0
        batch.append(point)
        size += grown
    if batch:
        yield batch


def _size(point: models.PointStruct, dimension: int) -> int:
    """Return about how many bytes a point takes as JSON."""
    vectors: Mapping[str, Any] = point.vector if isinstance(point.vector, dict) else {}
    words = vectors.get(WORDS)
    payload = sum(len(str(value)) for value in (point.payload or {}).values())
    return 24 * dimension + 36 * (len(words.indices) if isinstance(words, models.SparseVector) else 0) + 6 * payload
