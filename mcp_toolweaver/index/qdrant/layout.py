"""What a collection of ours looks like: how it is made, and whether one that exists is the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from qdrant_client import models

from mcp_toolweaver.index.engine import MEANING, WORDS
from mcp_toolweaver.index.graph import CANDIDATES_IN_BUILDING, LINKS
from mcp_toolweaver.index.payload import CATALOG, PLACES
from mcp_toolweaver.index.qdrant.link import Link
from mcp_toolweaver.index.qdrant.options import Layout

_FLOAT32 = (None, models.Datatype.FLOAT32)
_INDEXES: Mapping[str, models.PayloadSchemaType | models.KeywordIndexParams] = {
    "domain": models.KeywordIndexParams(type=models.KeywordIndexType.KEYWORD, is_tenant=True),
    CATALOG: models.PayloadSchemaType.KEYWORD,
    "server": models.PayloadSchemaType.KEYWORD,
    PLACES: models.PayloadSchemaType.KEYWORD,
    "generation": models.PayloadSchemaType.KEYWORD,
    "text": models.PayloadSchemaType.KEYWORD,
}


async def create(link: Link, name: str, dimension: int, layout: Layout) -> None:
    """Make an empty collection.

    Raises:
        Unavailable: it could not be made, or it exists.
    """
    is_custom = layout.sharding == "custom"
    await link.ask(
        link.client.create_collection(
            name,
            vectors_config={MEANING: _dense(dimension, layout)},
            sparse_vectors_config={WORDS: _sparse(layout)},
            hnsw_config=models.HnswConfigDiff(
                m=LINKS, ef_construct=CANDIDATES_IN_BUILDING, on_disk=True if layout.on_disk else None
            ),
            quantization_config=_quantization() if layout.quantization else None,
            shard_number=layout.shard_number,
            sharding_method=models.ShardingMethod.CUSTOM if is_custom else None,
            replication_factor=layout.replication_factor,
            write_consistency_factor=layout.write_consistency,
        )
    )


async def index_payload(link: Link, name: str) -> None:
    """Make the fields quick to filter by; those that are so already stay as they are.

    Raises:
        Unavailable: it could not be done.
    """
    if link.is_local:
        return
    for field, schema in _INDEXES.items():
        await link.ask(link.client.create_payload_index(name, field, field_schema=schema, wait=True))


def misfit(params: models.CollectionParams, dimension: int) -> str:
    """Return why vectors of ours do not belong into a collection; empty if they do."""
    dense = params.vectors.get(MEANING) if isinstance(params.vectors, dict) else None
    if dense is None:
        return f"it has no vector named {MEANING!r}"
    if dense.size != dimension:
        return f"its vectors have {dense.size} dimensions instead of {dimension}"
    if dense.distance is not models.Distance.COSINE:
        return f"its vectors are compared by {dense.distance.value} instead of Cosine"
    if dense.datatype not in _FLOAT32 or dense.multivector_config is not None:
        return "its vectors are stored in another way"
    return _sparse_misfit(params.sparse_vectors or {})


def _sparse_misfit(sparse: Mapping[str, models.SparseVectorParams]) -> str:
    words = sparse.get(WORDS)
    if words is None:
        return f"it has no sparse vector named {WORDS!r}"
    if words.modifier not in (None, models.Modifier.NONE):
        return f"its sparse vectors are weighted by {words.modifier}"
    if words.index is not None and words.index.datatype not in _FLOAT32:
        return "its sparse vectors are stored in another way"
    return ""


def _dense(dimension: int, layout: Layout) -> models.VectorParams:
    on_disk = True if layout.on_disk else None
    return models.VectorParams(size=dimension, distance=models.Distance.COSINE, on_disk=on_disk)


def _sparse(layout: Layout) -> models.SparseVectorParams:
    return models.SparseVectorParams(index=models.SparseIndexParams(on_disk=True) if layout.on_disk else None)


def _quantization() -> Any:
    int8 = models.ScalarQuantizationConfig(type=models.ScalarType.INT8, quantile=0.99, always_ram=True)
    return models.ScalarQuantization(scalar=int8)
