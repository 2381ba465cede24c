"""Nothing is embedded twice: vectors by the hash of their text, kept in a cache."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

from mcp_toolweaver.core.caching import Cache
from mcp_toolweaver.core.errors import Unavailable
from mcp_toolweaver.core.interfaces import Embedder
from mcp_toolweaver.embeddings.vector_cache import LIFETIME, VectorCache, is_unit, text_digest

if TYPE_CHECKING:
    from mcp_toolweaver.core.query import Vector

    _Embed: TypeAlias = Callable[[Sequence[str]], Awaitable[Sequence[Vector]]]
    Elsewhere: TypeAlias = Callable[[Sequence[str]], Awaitable[Mapping[str, Vector]]]
    """Returns the vectors of documents by the SHA-256 of each, as far as somebody else has embedded them."""

__all__ = ["LIFETIME", "CachedEmbedder"]


class CachedEmbedder:
    """An `Embedder` that asks its inner one only for texts that it has not seen."""

    def __init__(
        self,
        inner: Embedder,
        cache: Cache,
        elsewhere: Elsewhere | None = None,
        *,
        queries: Cache | None = None,
        lifetime: float = LIFETIME,
    ) -> None:
        """Keep the vectors of ``inner``.

        Args:
            inner: Who embeds.
            cache: Where vectors are kept.
            elsewhere: Has documents perhaps embedded already that ``cache`` lacks.
            queries: Where those of queries are kept, if elsewhere than in ``cache``.
            lifetime: Seconds that a vector is kept.
        """
        self._inner = inner
        self._documents = VectorCache(cache, inner.space, lifetime=lifetime)
        self._queries = VectorCache(cache if queries is None else queries, inner.query_space, lifetime=lifetime)
        self._elsewhere = elsewhere

    @property
    def space(self) -> str:
        """See `Embedder.space`."""
        return self._inner.space

    @property
    def query_space(self) -> str:
        """See `Embedder.query_space`."""
        return self._inner.query_space

    async def embed_queries(self, texts: Sequence[str]) -> Sequence[Vector]:
        """See `Embedder.embed_queries`."""
        return await self._embedded(texts, self._queries, self._inner.embed_queries)

    async def embed_documents(self, texts: Sequence[str]) -> Sequence[Vector]:
        """See `Embedder.embed_documents`."""
        return await self._embedded(texts, self._documents, self._inner.embed_documents, self._elsewhere)

    async def _embedded(
        self, texts: Sequence[str], cache: VectorCache, embed: _Embed, elsewhere: Elsewhere | None = None
    ) -> Sequence[Vector]:
        digests = {text_digest(text): text for text in texts}
        known = await cache.get(digests)
        missing = [digest for digest in digests if digest not in known]
        if missing:
            made = await _found(missing, elsewhere)
            made |= await _made([digest for digest in missing if digest not in made], digests, embed)
            await cache.keep(made)
            known |= made
        return [known[text_digest(text)] for text in texts]


async def _found(digests: Sequence[str], elsewhere: Elsewhere | None) -> dict[str, Vector]:
    if elsewhere is None:
        return {}
    try:
        found = await elsewhere(digests)
    except Unavailable:
        return {}
    return {digest: found[digest] for digest in digests if digest in found and is_unit(found[digest])}


async def _made(digests: Sequence[str], texts: Mapping[str, str], embed: _Embed) -> dict[str, Vector]:
    if not digests:
        return {}
    vectors = await embed([texts[digest] for digest in digests])
    if len(vectors) != len(digests):
        raise Unavailable("embedding model", f"returned {len(vectors)} vectors for {len(digests)} texts")
    return dict(zip(digests, vectors, strict=True))
