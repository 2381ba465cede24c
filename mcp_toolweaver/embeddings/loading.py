"""An embedder that is away until its model has been loaded in the background."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING

from mcp_toolweaver.core.errors import Unavailable, Unusable, Warming
from mcp_toolweaver.core.interfaces import Embedder
from mcp_toolweaver.embeddings.retrying import Backoff
from mcp_toolweaver.embeddings.runtime import PART

if TYPE_CHECKING:
    from mcp_toolweaver.core.query import Vector

_log = logging.getLogger(__name__)

_LOADING = "the embedding model is still loading"


class LoadingEmbedder:
    """An `Embedder` that says why it cannot answer yet, and answers once `load` is through."""

    def __init__(
        self, space: str, load: Callable[[], Awaitable[Embedder]], *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Use the embedder that ``load`` returns; until then its space is called ``space``."""
        self._name = space
        self._load = load
        self._inner: Embedder | None = None
        self._loading: asyncio.Task[None] | None = None
        self._step = _LOADING
        self.label = ""
        """What embeds queries, for people; empty until it is there."""
        self._failure: Unavailable | None = None
        self._backoff = Backoff(clock)

    async def load(self) -> None:
        """Load the model; called again after a failure it tries again, once `retry_after` is over.

        It is loaded in a task of its own, so that a caller who leaves does not end a download that goes on for all.
        """
        if self._loading is None or self._loading.done():
            if self._inner is not None or self.retry_after != 0:
                return
            self._step = _LOADING
            self._loading = asyncio.create_task(self._try())
        await asyncio.wait([self._loading])

    async def _try(self) -> None:
        try:
            self._inner = await self._load()
        except Unavailable as away:
            self._failed(away)
        except Exception as bug:  # noqa: BLE001  search goes on by words, and it is logged once
            broken = Unavailable(PART, f"the embedding model cannot be loaded: {bug!r}")
            if str(broken) != str(self._failure):
                _log.exception("%s: what nobody expected, while the model was loaded", PART)
            self._failed(broken)

    def tell(self, step: str) -> None:
        """Say what is being done to get the model, until it is there: ``the model is being exported``."""
        self._step = step

    def tell_download(self, done: int, total: int) -> None:
        """Say how many bytes of the model have come."""
        come = f"the embedding model is being downloaded: {done / 1e6:.0f} of {total / 1e6:.0f} MB"
        self.tell(come if done < total else _LOADING)

    def tell_ready(self, label: str) -> None:
        """Say what embeds queries."""
        self.label = label

    @property
    def space(self) -> str:
        """See `Embedder.space`."""
        return self._name if self._inner is None else self._inner.space

    @property
    def query_space(self) -> str:
        """See `Embedder.query_space`."""
        return self._name if self._inner is None else self._inner.query_space

    @property
    def is_loaded(self) -> bool:
        """Whether the model is there."""
        return self._inner is not None

    @property
    def is_loading(self) -> bool:
        """Whether `load` is at work."""
        return self._inner is None and self._loading is not None and not self._loading.done()

    @property
    def away(self) -> Unavailable | None:
        """Why it cannot answer; None if it can."""
        if self._inner is not None:
            return None
        if self._failure is None or self.is_loading:
            return Warming(PART, self._step)
        return type(self._failure)(self._failure.part, self._failure.reason)  # raised twice, it would gather tracebacks

    @property
    def retry_after(self) -> float | None:
        """Seconds until another `load` makes sense; None if it is loaded, or stays away."""
        if self._inner is not None or isinstance(self._failure, Unusable):
            return None
        return self._backoff.wait

    async def embed_queries(self, texts: Sequence[str]) -> Sequence[Vector]:
        """See `Embedder.embed_queries`."""
        return await self._ready().embed_queries(texts)

    async def embed_documents(self, texts: Sequence[str]) -> Sequence[Vector]:
        """See `Embedder.embed_documents`."""
        return await self._ready().embed_documents(texts)

    def _failed(self, away: Unavailable) -> None:
        if str(away) != str(self._failure):
            _log.warning("%s; searching by words alone", away)
        self._failure = away
        self._backoff.failed()

    def _ready(self) -> Embedder:
        if self._inner is None:
            raise self.away or Warming(PART, self._step)
        return self._inner
