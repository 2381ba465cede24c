"""A runtime proves itself on a few texts before anybody relies on it.

A graph in 8 bits overflows on processors without the right instructions, a driver may be broken, a file may
belong to another model: all of them give vectors, which are wrong.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mcp_toolweaver.core.errors import Unavailable
from mcp_toolweaver.embeddings.manifest import Manifest
from mcp_toolweaver.embeddings.runtime import PART, Runtime
from mcp_toolweaver.embeddings.vectors import normalized

if TYPE_CHECKING:
    from mcp_toolweaver.core.query import Vector

SAME_SPACE = 0.999
"""The least cosine between the vectors of one text by two runtimes of one space."""
COMPARABLE = 0.96
"""The least cosine between the vector of a text in 8 bits and in full; 0.98 and more where all is well."""


async def proven(runtime: Runtime, manifest: Manifest, least: float) -> Runtime:
    """Return the runtime, which gives the vectors that the model's own library gave.

    Args:
        runtime: A loaded one.
        manifest: What the vectors of a few texts must be.
        least: The least cosine.

    Raises:
        Unavailable: it failed, or gives others.
    """
    texts = list(manifest.probes)
    if texts:
        made = normalized(await runtime.embed(texts), len(texts), manifest.recipe.dimension)
        worst = min(map(_cosine, made, manifest.probes.values()))
        if worst < least:
            raise Unavailable(PART, f"{runtime.label} gives wrong vectors on this machine (cosine {worst:.3f})")
    return runtime


def _cosine(vector: Vector, expected: object) -> float:
    return float(vector @ np.asarray(expected, dtype=np.float32))
