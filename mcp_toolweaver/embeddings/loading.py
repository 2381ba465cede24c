"""An embedder that is away until its model has been loaded in the background."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING

import anyio

from mcp_toolweaver.core.errors import Unavailable
from mcp_toolweaver.core.interfaces import Embedder

if TYPE_CHECKING:
    from mcp_toolweaver.core.query import Vector

_log = logging.getLogger(__name__)

PART = "search by meaning"


class LoadingEmbedder:
    """An `Embedder` that says why it cannot answer yet, and answers once `load` is through."""

    def __init__(self, space: str, load: Callable[[], Awaitable[Embedder]]) -> None:
        """Use the embedder that ``load`` returns; until then its space is called ``space``."""
        self._name = space
        self._load = load
        self._inner: Embedder | None = None
        self._loading = anyio.Lock()
        self._has_failed = False
        self._away = Unavailable(PART, "the embedding model is still loading")

    async def load(self) -> None:
        """Load the model, once; a failure is kept and reported to every later caller."""
        async with self._loading:
            if self._inner is not None or self._has_failed:
                return
            try:
                self._inner = await self._load()
            except Unavailable as away:
                self._away, self._has_failed = away, True
                _log.warning("%s; searching by words alone", away)

    @property
    def space(self) -> str:
        """See `Embedder.space`."""
        return self._name if self._inner is None else self._inner.space

    @property
    def is_loaded(self) -> bool:
        """Whether the model is there."""
        return self._inner is not None

    async def embed_queries(self, texts: Sequence[str]) -> Sequence[Vector]:
        """See `Embedder.embed_queries`."""
        return await self._ready().embed_queries(texts)

    async def embed_documents(self, texts: Sequence[str]) -> Sequence[Vector]:
        """See `Embedder.embed_documents`."""
        return await self._ready().embed_documents(texts)

    def _ready(self) -> Embedder:
        if self._inner is None:
            raise Unavailable(self._away.part, self._away.reason)
        return self._inner
