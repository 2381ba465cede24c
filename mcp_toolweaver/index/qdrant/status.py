"""What a server says of a collection of ours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from qdrant_client import models

from mcp_toolweaver.index.qdrant.engine import QdrantEngine
from mcp_toolweaver.index.qdrant.lanes import is_of
from mcp_toolweaver.index.qdrant.naming import alias_of


@dataclass(frozen=True, slots=True)
class QdrantStatus:
    """One moment of a collection."""

    version: str
    where: str
    alias: str
    collection: str
    catalogs: Mapping[str, int]
    """How many points each catalog has, the largest first: versions of tools, not tools."""
    domains: Mapping[str, int]
    """How many points each domain of our catalog has, the largest first."""
    state: str
    """``green`` in order, ``yellow`` while the server works at it, ``grey`` before that, ``red`` where it cannot."""
    optimizer: str
    """``ok``, or what went wrong."""
    is_quantized: bool
    is_sharded_by_domain: bool
    shards: int | None
    replication_factor: int | None


async def status(engine: QdrantEngine) -> QdrantStatus:
    """Ask the server.

    Raises:
        Unavailable: it does not say.
    """
    link, place = engine.link, engine.place
    version = (await link.ask(link.client.info())).version
    info = await link.ask(link.client.get_collection(engine.collection))
    params = info.config.params
    return QdrantStatus(
        version=version,
        where=link.where,
        alias=alias_of(place),
        collection=engine.collection,
        catalogs=(await engine.describe()).catalogs,
        domains=await engine.count_by("domain", models.Filter(must=[is_of(place.catalog)])),
        state=info.status.value,
        optimizer=_optimizer(info.optimizer_status),
        is_quantized=info.config.quantization_config is not None,
        is_sharded_by_domain=params.sharding_method is models.ShardingMethod.CUSTOM,
        shards=None if link.is_local else (await _shards(engine)),
        replication_factor=params.replication_factor,
    )


async def _shards(engine: QdrantEngine) -> int:
    return (await engine.link.ask(engine.link.client.collection_cluster_info(engine.collection))).shard_count


def _optimizer(found: models.OptimizersStatus) -> str:
    return found.error if isinstance(found, models.OptimizersStatusOneOf1) else found.value
