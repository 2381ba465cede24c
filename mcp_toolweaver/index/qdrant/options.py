"""Where a Qdrant server is, what of it is ours, and how a collection is laid out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Address:
    """A server or a cluster by the address of its REST API."""

    url: str
    api_key: str | None = None
    prefer_grpc: bool = True
    """REST is used where gRPC does not answer."""
    grpc_port: int | None = None
    """The port after that of the URL, if not given: 6334 for 6333."""


@dataclass(frozen=True, slots=True)
class Place:
    """What of a server is ours: the collection of a vector space, and in it the points of a catalog."""

    space: str
    dimension: int
    catalog: str = "default"
    prefix: str = "toolweaver"


@dataclass(frozen=True, slots=True)
class Layout:
    """How a collection is made; what is None is left to the server. A collection that exists keeps its own."""

    sharding: Literal["auto", "custom"] = "auto"
    """``custom`` gives domains shards of their own; a server that is no cluster has none to give."""
    shard_number: int | None = None
    """Of the collection, or of each shard key."""
    replication_factor: int | None = None
    write_consistency: int | None = None
    quantization: bool = False
    """Search over vectors of 8-bit integers, and score what was found by the whole ones."""
    on_disk: bool = False
    """Keep vectors and graphs in files instead of memory."""
    shard_keys: int = 32
    """How many domains get shards of their own; the others share those of ``general``."""


@dataclass(frozen=True, slots=True)
class Deadlines:
    """After how many seconds a request is given up."""

    search: float = 2.0
    other: float = 30.0
    """To write a batch, to read a page of points, to build a collection."""
