"""The collection behind our alias: found, or made, or replaced where it would compare the wrong vectors.

A step that was interrupted is taken again by whoever comes next, and several may take it at once: each
of them is the same however often it is done.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from dataclasses import dataclass

from qdrant_client import models

from mcp_toolweaver.core.errors import Unavailable
from mcp_toolweaver.index.qdrant import mark
from mcp_toolweaver.index.qdrant.failures import PART, Gone, Nonsense
from mcp_toolweaver.index.qdrant.layout import create, index_payload, misfit
from mcp_toolweaver.index.qdrant.link import Link
from mcp_toolweaver.index.qdrant.naming import alias_of, behind
from mcp_toolweaver.index.qdrant.options import Layout, Place
from mcp_toolweaver.index.qdrant.shards import GENERAL, make_shard_key

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Held:
    """A collection that exists."""

    name: str
    why_not: str
    """Why it cannot hold our points; empty if it can."""
    is_ours: bool
    is_empty: bool
    """Whether it bears no mark, and no point either: it was just made."""
    is_custom: bool
    """Whether it is sharded by keys of ours."""


async def ready(link: Link, place: Place, layout: Layout) -> Held:
    """Return the collection of a place, as it should be.

    Raises:
        Unavailable: it cannot be reached or made, or it belongs to someone else.
    """
    alias = alias_of(place)
    names = await _names(link)
    target = await _target(link, alias)
    old = await _look(link, target, place) if target is not None else None
    if old is not None and not old.why_not and old.is_ours:
        return old
    if alias in names or (old is not None and not (old.is_ours or old.is_empty)):
        raise _foreign(link, alias)
    if old is not None:
        _log.warning("index: collection %s is set aside: %s", old.name, old.why_not or "it bears no mark")
    fresh = await _beside(link, place, layout, names)
    await _point(link, alias, fresh.name, is_new=old is None)
    if old is not None and old.name != fresh.name:
        with suppress(Gone):  # somebody else was faster
            await link.ask(link.client.delete_collection(old.name))
    return fresh


def _foreign(link: Link, alias: str) -> Unavailable:
    return Unavailable(PART, f"collection {alias} on {link.where} belongs to someone else; set another index.prefix")


async def _names(link: Link) -> set[str]:
    return {found.name for found in (await link.ask(link.client.get_collections())).collections}


async def _target(link: Link, alias: str) -> str | None:
    """Return the collection behind an alias; None if there is none."""
    found = (await link.ask(link.client.get_aliases())).aliases
    return next((one.collection_name for one in found if one.alias_name == alias), None)


async def _look(link: Link, name: str, place: Place) -> Held:
    info = await link.ask(link.client.get_collection(name))
    known = await mark.read(link, name)
    why_not = misfit(info.config.params, place.dimension)
    if known is not None and known != mark.mark_of(place):
        why_not = why_not or "it holds vectors of another model or schema"
    is_custom = info.config.params.sharding_method is models.ShardingMethod.CUSTOM
    is_empty = known is None and (await link.ask(link.client.count(name, exact=True))).count == 0
    return Held(name, why_not, mark.is_ours(known), is_empty, is_custom)


async def _beside(link: Link, place: Place, layout: Layout, names: set[str]) -> Held:
    """Make a collection under the first free name, or finish one that was begun."""
    for name in behind(alias_of(place)):
        if name not in names:
            return await _made(link, name, place, layout)
        found = await _look(link, name, place)
        if not found.why_not and (found.is_ours or found.is_empty):
            return await _finished(link, found, place, layout)
    raise Unavailable(PART, f"{link.where} has no free name for {alias_of(place)}; delete collections of that name")


async def _made(link: Link, name: str, place: Place, layout: Layout) -> Held:
    try:
        await create(link, name, place.dimension, layout)
    except Unavailable:
        if name not in await _names(link):  # else somebody was faster
            raise
    made = await _look(link, name, place)
    if made.why_not:
        if made.is_empty:
            await link.ask(link.client.delete_collection(name))
        raise Nonsense(link.where, f"of a collection that was just made it says that {made.why_not}")
    return await _finished(link, made, place, layout)


async def _finished(link: Link, held: Held, place: Place, layout: Layout) -> Held:
    if held.is_custom:
        await make_shard_key(link, held.name, GENERAL, layout)
    await index_payload(link, held.name)
    await mark.write(link, held.name, place, GENERAL if held.is_custom else None)
    return Held(held.name, "", is_ours=True, is_empty=held.is_empty, is_custom=held.is_custom)


async def _point(link: Link, alias: str, name: str, *, is_new: bool) -> None:
    """Let the alias stand for a collection, in one step that nobody sees half of."""
    new = models.CreateAliasOperation(create_alias=models.CreateAlias(collection_name=name, alias_name=alias))
    old = models.DeleteAliasOperation(delete_alias=models.DeleteAlias(alias_name=alias))
    await link.ask(link.client.update_collection_aliases([new] if is_new else [old, new]))
