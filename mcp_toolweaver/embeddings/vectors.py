"""Nothing but normalized vectors of the right size leaves the model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from mcp_toolweaver.core.errors import Unavailable
from mcp_toolweaver.embeddings.runtime import PART

if TYPE_CHECKING:
    from mcp_toolweaver.core.query import Vector


def normalized(vectors: Sequence[Vector], count: int, dimension: int | None) -> list[Vector]:
    """Return the vectors at length 1 (L2), as float32.

    Args:
        vectors: What a runtime returned.
        count: How many there must be.
        dimension: How long each must be; None takes the length of the first.

    Raises:
        Unavailable: there are more or fewer, or one is of another size, not finite, or zero.
    """
    if len(vectors) != count:
        raise Unavailable(PART, f"the model returned {len(vectors)} vectors for {count} texts")
    return [_unit(vector, dimension or len(vectors[0])) for vector in vectors]


def _unit(vector: Vector, dimension: int) -> Vector:
    exact = np.asarray(vector, dtype=np.float64)
    if exact.shape != (dimension,):
        raise Unavailable(PART, f"the model returned a vector of shape {exact.shape}, not of {dimension} numbers")
    norm = float(np.linalg.norm(exact))
    if not np.isfinite(norm) or norm == 0:
        raise Unavailable(PART, "the model returned a vector that is not finite, or zero")
    return (exact / norm).astype(np.float32)
