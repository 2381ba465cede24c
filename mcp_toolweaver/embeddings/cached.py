"""Nothing is embedded twice: vectors by the hash of their text, kept in a cache."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from mcp_toolweaver.core.errors import Unavailable
from mcp_toolweaver.core.interfaces import Cache, Embedder

if TYPE_CHECKING:
    from mcp_toolweaver.core.query import Vector

    _Embed: TypeAlias = Callable[[Sequence[str]], Awaitable[Sequence[Vector]]]

LIFETIME = 7 * 24 * 3600.0
"""Seconds that a vector is kept."""

_FORMAT = b"\x01"
_NORM_TOLERANCE = 1e-3


class CachedEmbedder:
    """An `Embedder` that asks its inner one only for texts that it has not seen."""

    def __init__(self, inner: Embedder, cache: Cache) -> None:
        """Keep the vectors of ``inner`` in ``cache``."""
        self._inner = inner
        self._cache = cache

    @property
    def space(self) -> str:
        """See `Embedder.space`."""
        return self._inner.space

    async def embed_queries(self, texts: Sequence[str]) -> Sequence[Vector]:
        """See `Embedder.embed_queries`."""
        return await self._embedded(texts, self._inner.embed_queries)

    async def embed_documents(self, texts: Sequence[str]) -> Sequence[Vector]:
        """See `Embedder.embed_documents`."""
        return await self._embedded(texts, self._inner.embed_documents)

    async def _embedded(self, texts: Sequence[str], embed: _Embed) -> Sequence[Vector]:
        known = dict(zip(texts, await self._cached(texts), strict=True))
        missing = [text for text, vector in known.items() if vector is None]
        if missing:
            vectors = await embed(missing)
            if len(vectors) != len(missing):
                raise Unavailable("embedding model", f"returned {len(vectors)} vectors for {len(missing)} texts")
            made = dict(zip(missing, vectors, strict=True))
            await self._keep(made)
            known |= made
        return [vector for text in texts if (vector := known[text]) is not None]

    async def _cached(self, texts: Sequence[str]) -> list[Vector | None]:
        values = await self._cache.get_many([self._key(text) for text in texts])
        return [_decode(value) for value in values]

    async def _keep(self, vectors: dict[str, Vector]) -> None:
        encoded = {self._key(text): _encode(vector) for text, vector in vectors.items()}
        await self._cache.set_many(encoded, ttl=LIFETIME)

    def _key(self, text: str) -> str:
        digest = hashlib.sha256(text.encode(errors="replace")).hexdigest()
        return f"embedding:{self.space}:{digest}"


def _encode(vector: Vector) -> bytes:
    return _FORMAT + np.asarray(vector, dtype="<f4").tobytes()


def _decode(value: bytes | None) -> Vector | None:
    """Return the vector, or None for anything that is not a normalized vector of ours."""
    if value is None or value[:1] != _FORMAT or len(value) < 5 or (len(value) - 1) % 4:  # noqa: PLR2004  float32
        return None
    vector = np.frombuffer(value, dtype="<f4", offset=1).astype(np.float32)
    return vector if abs(float(np.linalg.norm(vector)) - 1) < _NORM_TOLERANCE else None
