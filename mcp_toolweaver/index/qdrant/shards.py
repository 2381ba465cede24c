"""Which shards the points of a domain lie in, where the owner of a cluster wants domains to have their own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

import anyio

from mcp_toolweaver.core.errors import Unavailable
from mcp_toolweaver.index.qdrant.link import Link
from mcp_toolweaver.index.qdrant.options import Layout

GENERAL = "general"
"""The shard key of all domains that have none of their own."""

_LONGEST_KEY = 100


class Shards(Protocol):
    """Where points are written, and where they are."""

    async def key_for(self, domain: str) -> str | None:
        """Return the shard key that points of a domain are written with, made where it is missing.

        Raises:
            Unavailable: the server does not say, or does not make one.
        """
        ...

    async def all_keys(self) -> Sequence[str] | None:
        """Return every shard key, for a change that goes to all shards.

        Raises:
            Unavailable: the server does not say.
        """
        ...

    def remember(self, places: Iterable[str], key: str | None) -> None:
        """Take note that a point of a domain and a server lies in the shards of a key."""
        ...

    def keys_with(self, place: str | None) -> Sequence[str] | None:
        """Return the shard keys that hold all points of a domain or server; None to ask every shard."""
        ...


class OneForAll:
    """The server spreads the points by their ids."""

    async def key_for(self, domain: str) -> str | None:
        """See `Shards.key_for`."""
        del domain
        return None

    async def all_keys(self) -> Sequence[str] | None:
        """See `Shards.all_keys`."""
        return None

    def remember(self, places: Iterable[str], key: str | None) -> None:
        """See `Shards.remember`."""

    def keys_with(self, place: str | None) -> Sequence[str] | None:
        """See `Shards.keys_with`."""
        del place
        return None


class ByDomain:
    """A shard key a domain, up to a number of them, grown as domains come.

    A domain and a server may have one name, so a question for either goes where points of both were seen.
    """

    def __init__(self, link: Link, collection: str, layout: Layout) -> None:
        """Share out the shards of a collection that was made for it."""
        self._link = link
        self._collection = collection
        self._layout = layout
        self._keys: set[str] = set()
        self._homes: dict[str, set[str]] = {}
        self._one_at_a_time = anyio.Lock()

    async def key_for(self, domain: str) -> str | None:
        """See `Shards.key_for`."""
        key = domain.casefold()
        async with self._one_at_a_time:
            if key not in self._keys:
                self._keys = await shard_keys(self._link, self._collection)
            if key in self._keys:
                return key
            if not key or len(key) > _LONGEST_KEY or len(self._keys) >= self._layout.shard_keys:
                return await self._made(GENERAL)
            return await self._made(key)

    async def all_keys(self) -> Sequence[str] | None:
        """See `Shards.all_keys`."""
        self._keys = await shard_keys(self._link, self._collection)
        return sorted(self._keys)

    def remember(self, places: Iterable[str], key: str | None) -> None:
        """See `Shards.remember`."""
        if key is not None:
            for place in places:
                self._homes.setdefault(place.casefold(), set()).add(key)

    def keys_with(self, place: str | None) -> Sequence[str] | None:
        """See `Shards.keys_with`."""
        return sorted(self._homes.get(place.casefold(), ())) or None if place is not None else None

    async def _made(self, key: str) -> str:
        if key not in self._keys:
            await make_shard_key(self._link, self._collection, key, self._layout)
            self._keys.add(key)
        return key


async def shard_keys(link: Link, collection: str) -> set[str]:
    """Return the shard keys that a collection has, on any node.

    Raises:
        Unavailable: the server does not say.
    """
    spread = await link.ask(link.client.collection_cluster_info(collection))
    keys = [shard.shard_key for shard in spread.local_shards] + [shard.shard_key for shard in spread.remote_shards]
    return {key for key in keys if isinstance(key, str)}


async def make_shard_key(link: Link, collection: str, key: str, layout: Layout) -> None:
    """Make a shard key; that somebody else made it first is as good.

    Raises:
        Unavailable: it is not there.
    """
    number, copies = layout.shard_number, layout.replication_factor
    try:
        await link.ask(link.client.create_shard_key(collection, key, shards_number=number, replication_factor=copies))
    except Unavailable:
        if key not in await shard_keys(link, collection):
            raise
