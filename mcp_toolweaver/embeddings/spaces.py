"""The names of vector spaces: which model, how it is read, and how precisely it computes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from mcp_toolweaver.embeddings.identity import Identity, identify
from mcp_toolweaver.embeddings.installed import find_installed

Precision: TypeAlias = Literal["fp32", "int8"]
"""``fp32`` is what a model computes in 32 bits, or in 16 on a GPU: the same vectors to a cosine of 0.999 and more."""


@dataclass(frozen=True, slots=True)
class VectorSpace:
    """Vectors of two spaces are never compared."""

    name: str
    dimension: int


def of_queries(setting: str) -> Precision:
    """Return how precisely queries are embedded; in 8 bits they may be compared with documents in 32."""
    return "fp32" if setting == "fp32" else "int8"


def of_documents(setting: str) -> Precision:
    """Return how precisely documents are embedded."""
    return "int8" if setting == "int8" else "fp32"


def space_name(identity: Identity, precision: Precision) -> str:
    """Name what a model makes in a precision."""
    return f"{identity.name}-{precision}"


def document_space(model: str, models: Path, setting: str) -> VectorSpace | None:
    """Return the space of a model's documents without loading it; None where only loading tells. Blocking."""
    identity = identify(model, models, needs_graph=find_installed().needs_graphs)
    if identity is None or identity.recipe is None:
        return None
    return VectorSpace(space_name(identity, of_documents(setting)), identity.recipe.dimension)
