"""Vectors in a cache, by their space and the SHA-256 of their text."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

import numpy as np

from mcp_toolweaver.core.caching import Cache, CacheTier

if TYPE_CHECKING:
    from mcp_toolweaver.core.query import Vector

LIFETIME = 7 * 24 * 3600.0
"""Seconds that a vector is kept, unless told otherwise."""

_FORMAT = b"\x01"
_NORM_TOLERANCE = 1e-3


def text_digest(text: str) -> str:
    """Return the SHA-256 that the vector of a text is found by."""
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()


class VectorCache:
    """The vectors of one space in a `Cache`."""

    def __init__(self, cache: Cache, space: str, *, lifetime: float = LIFETIME) -> None:
        """Keep the vectors of ``space`` in ``cache`` for ``lifetime`` seconds."""
        self._cache = cache
        self._space = space
        self._lifetime = lifetime

    async def get(self, digests: Collection[str]) -> dict[str, Vector]:
        """Return the vectors that are there, by the digest of their text."""
        values = await self._cache.get_many([self._key(digest) for digest in digests])
        vectors = map(_decode, values)
        return {digest: vector for digest, vector in zip(digests, vectors, strict=True) if vector is not None}

    async def keep(self, vectors: Mapping[str, Vector]) -> None:
        """Keep vectors by the digest of their text."""
        encoded = {self._key(digest): _encode(vector) for digest, vector in vectors.items()}
        await self._cache.set_many(encoded, ttl=self._lifetime)

    async def forget(self, digests: Collection[str]) -> None:
        """Let vectors expire at once."""
        await self._cache.set_many({self._key(digest): b"" for digest in digests}, ttl=0)

    def _key(self, digest: str) -> str:
        return f"{CacheTier.EMBEDDINGS}:{self._space}:{digest}"


def _encode(vector: Vector) -> bytes:
    return _FORMAT + np.asarray(vector, dtype="<f4").tobytes()


def _decode(value: bytes | None) -> Vector | None:
    """Return the vector, or None for anything that is not a normalized vector of ours."""
    if value is None or value[:1] != _FORMAT or len(value) < 5 or (len(value) - 1) % 4:  # noqa: PLR2004  float32
        return None
    vector = np.frombuffer(value, dtype="<f4", offset=1).astype(np.float32)
    return vector if is_unit(vector) else None


def is_unit(vector: Vector) -> bool:
    """Whether a vector has length 1, as every one of ours, so that its numbers are numbers."""
    with np.errstate(all="ignore"):  # what is too large to be squared is none
        return abs(float(np.linalg.norm(vector)) - 1) < _NORM_TOLERANCE
