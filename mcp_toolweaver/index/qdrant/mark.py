"""The point by which a collection says that it is ours, and whose vectors it holds.

It belongs to no catalog, so that no question meets it, and its id is a UUID, which no tool has. Collections
have had metadata of their own for this only since Qdrant 1.16.
"""

from __future__ import annotations

from typing import Any

from qdrant_client import models

from mcp_toolweaver.index.qdrant.link import Link
from mcp_toolweaver.index.qdrant.naming import SCHEMA
from mcp_toolweaver.index.qdrant.options import Place

_ID = "746f6f6c-7765-6176-6572-000000000001"
_APP = "mcp-toolweaver"


def mark_of(place: Place) -> dict[str, Any]:
    """Return what the mark of a place says."""
    return {"app": _APP, "schema": SCHEMA, "space": place.space, "dimension": place.dimension}


def is_ours(mark: dict[str, Any] | None) -> bool:
    """Whether a collection with this mark was made by a Toolweaver, for whatever place."""
    return mark is not None and mark.get("app") == _APP


async def read(link: Link, collection: str) -> dict[str, Any] | None:
    """Return the mark of a collection; None if it has none.

    Raises:
        Unavailable: it cannot be read.
    """
    found = await link.ask(link.client.retrieve(collection, [_ID], with_payload=True, with_vectors=False))
    return found[0].payload or {} if found else None


async def write(link: Link, collection: str, place: Place, shard_key: str | None) -> None:
    """Mark a collection.

    Raises:
        Unavailable: it could not be written.
    """
    point = models.PointStruct(id=_ID, vector={}, payload=mark_of(place))
    await link.ask(link.client.upsert(collection, [point], wait=True, shard_key_selector=shard_key))
