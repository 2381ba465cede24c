"""What the owner of an index may ask and do, and whether the index is in step with the catalog."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from mcp_toolweaver.core.errors import Unavailable
from mcp_toolweaver.core.tools import Snapshot, ToolId
from mcp_toolweaver.text.tool_text import passage_digest

if TYPE_CHECKING:
    from mcp_toolweaver.core.query import Vector


@dataclass(frozen=True, slots=True)
class Store:
    """What a store says of itself."""

    engine: str
    """As in the settings: ``embedded``, ``memory`` or ``qdrant``."""
    where: str
    """Its folder, or its URL without credentials; where its tools lie."""
    lasts: bool = True
    """Whether it outlives the process; one that does not is built by each."""
    collection: str = ""
    catalog: str = ""
    """The namespace of our tools in the collection."""
    bytes_on_disk: int | None = None
    """None where the store does not say."""
    others: Mapping[str, int] = field(default_factory=dict[str, int])
    """How many tools each other catalog has in the collection."""


class IndexAdmin(Protocol):
    """The store behind the index itself, without anything that stands in for it."""

    async def describe(self) -> Store:
        """Say what the store is; of one that is away only what the settings say."""
        ...

    async def space(self) -> str:
        """Name the vector space of the configured model, without loading it; empty if search is by words alone."""
        ...

    async def digests(self) -> Mapping[ToolId, str]:
        """Return the digest of each tool in the store.

        Raises:
            Unavailable: the store is away, or what it holds is not ours.
        """
        ...

    async def without_vector(self) -> Collection[ToolId]:
        """Return the tools in the store that are searchable by words alone.

        Raises:
            Unavailable: the store is away.
        """
        ...

    async def drop(self, *, vectors: bool) -> None:
        """Remove all tools of our catalog, and their vectors from every cache too if ``vectors``.

        Raises:
            Unavailable: not all of it could be removed.
        """
        ...

    async def vectors(self, texts: Collection[str]) -> Mapping[str, Vector]:
        """Return the vectors of texts by the SHA-256 of each, as far as a cache or the store has them.

        Raises:
            Unavailable: the store is away.
        """
        ...

    async def keep(self, vectors: Mapping[str, Vector]) -> None:
        """Put vectors, by the SHA-256 of their text, where the indexer looks before it embeds."""
        ...


@dataclass(frozen=True, slots=True)
class IndexStatus:
    """A store, beside the catalog that it should hold."""

    store: Store
    space: str
    in_step: bool
    reason: str
    """Why it is not in step; empty if it is."""
    generation: str
    """Of the tools in the store; empty if it is away."""
    catalog_generation: str
    tools: int
    with_vector: int
    domains: Mapping[str, int]
    """How many tools of each domain are in the store, the largest first."""


async def status(admin: IndexAdmin, snapshot: Snapshot) -> IndexStatus:
    """Compare what the store holds with the catalog; changes nothing."""
    store, space = await admin.describe(), await admin.space()
    reason, digests, bare = "", dict[ToolId, str](), frozenset[ToolId]()
    try:
        digests = dict(await admin.digests())
        bare = frozenset(await admin.without_vector())
    except Unavailable as away:
        reason = str(away)
    reason = reason or _difference(digests, snapshot, bare if space else frozenset())
    domains = Counter(snapshot.tools[id_].domain for id_ in digests if id_ in snapshot.tools)
    return IndexStatus(
        store=store,
        space=space,
        in_step=not reason,
        reason=reason,
        generation=_generation(digests.values()) if digests else "",
        catalog_generation=snapshot.generation,
        tools=len(digests),
        with_vector=len(digests) - len(bare),
        domains=dict(sorted(domains.items(), key=lambda each: (-each[1], each[0]))),
    )


def _generation(digests: Iterable[str]) -> str:
    """Return what `Snapshot.generation` is for tools of these digests."""
    return hashlib.sha256("\n".join(sorted(digests)).encode()).hexdigest()[:16]


def _difference(digests: Mapping[ToolId, str], snapshot: Snapshot, bare: Collection[ToolId]) -> str:
    counts = {
        "not in it yet": sum(id_ not in digests for id_ in snapshot.tools),
        "changed since": sum(digests.get(id_, tool.digest) != tool.digest for id_, tool in snapshot.tools.items()),
        "in it but gone": sum(id_ not in snapshot.tools for id_ in digests),
        "without a vector": sum(id_ in snapshot.tools for id_ in bare),
    }
    return ", ".join(f"{count} {'tool' if count == 1 else 'tools'} {what}" for what, count in counts.items() if count)


def texts(snapshot: Snapshot) -> frozenset[str]:
    """Return the SHA-256 of each passage that search by meaning embeds."""
    return frozenset(map(passage_digest, snapshot.tools.values()))
