"""The store of the index that the settings ask for: which, where, and for which vector space."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from mcp_toolweaver.config import Settings
from mcp_toolweaver.core.errors import Unavailable, Unneeded
from mcp_toolweaver.core.threads import run_in_thread
from mcp_toolweaver.embeddings.loading import LoadingEmbedder
from mcp_toolweaver.embeddings.spaces import VectorSpace, document_space
from mcp_toolweaver.index.installation import installation
from mcp_toolweaver.index.qdrant.options import Address, Deadlines, Layout, Place
from mcp_toolweaver.text.tool_text import TEXT_VERSION

if TYPE_CHECKING:
    from mcp_toolweaver.core.query import Vector
    from mcp_toolweaver.index.engine import Engine
    from mcp_toolweaver.index.stored import StoredIndex
    from mcp_toolweaver.index.view import View


class Stores:
    """Opens the store, and knows the one that is open."""

    def __init__(self, settings: Settings, model: LoadingEmbedder) -> None:
        """Open what ``settings`` say, for the vectors of ``model``."""
        self._settings = settings
        self._model = model
        self._space: VectorSpace | None = None
        self._name: str | None = None
        self._open: Engine | None = None

    @asynccontextmanager
    async def open(self) -> AsyncGenerator[StoredIndex]:
        """Open the store.

        Raises:
            InUse: another process has its folder.
            Unavailable: it cannot be opened.
        """
        stored = await run_in_thread(import_module, "mcp_toolweaver.index.stored")
        async with self.engine() as (engine, catalog, space):
            index: StoredIndex = await stored.open_stored(engine, catalog, space.dimension)
            self._open = engine
            try:
                yield index
            finally:
                self._open = None

    @asynccontextmanager
    async def engine(self) -> AsyncGenerator[tuple[Engine, str, VectorSpace]]:
        """Open the engine of the store alone, with the name of our catalog; its library is imported off the event loop.

        Raises:
            InUse: another process has its folder.
            Unavailable: it cannot be opened.
        """
        space = await self.space()
        catalog = await run_in_thread(self._catalog)
        async with await self._engine_of(space, catalog) as engine:
            yield engine, catalog, space

    async def vectors(self, texts: Sequence[str]) -> Mapping[str, Vector]:
        """Return the vectors of texts by the SHA-256 of each, as far as others have put them into the open store.

        A store of our own has nothing that the cache has not, and would look at every point for it.

        Raises:
            Unavailable: the store is away.
        """
        return await self._open.vectors(texts) if self._open is not None and self._open.is_shared else {}

    async def peek(self) -> View | None:
        """Return what is searchable in a folder of ours that another process has; None if nothing can be read there."""
        edge = await run_in_thread(import_module, "mcp_toolweaver.index.qdrant_edge")
        view: View | None = await run_in_thread(edge.peek, self._folder(await self.space()))
        return view

    @property
    def known_space(self) -> str | None:
        """The name of the model's space; None as long as nobody has asked for it."""
        return None if self._space is None else self._space.name

    async def space(self) -> VectorSpace:
        """Return the space of the model's vectors; one that does not say is loaded.

        Raises:
            Unneeded: the model cannot be loaded.
        """
        if self._space is None:  # reading the weights takes a while
            self._space = await run_in_thread(self._known_space)
        if self._space is None:
            await self._model.load()
            try:
                (vector,) = await self._model.embed_documents(["how long is a vector"])
            except Unavailable as away:
                raise Unneeded("index", f"there is no model whose vectors it could keep ({away.reason})") from away
            self._space = VectorSpace(self._model.space, len(vector))
        return self._space

    def _known_space(self) -> VectorSpace | None:
        given = self._settings.embedding
        return document_space(given.model, self._settings.models, given.precision)

    def _folder(self, space: VectorSpace) -> Path:
        """Return the folder of the embedded engine."""
        unique = hashlib.sha256(f"{space.name}\0{space.dimension}".encode(errors="replace")).hexdigest()[:16]
        return self._settings.data_dir / "index" / f"v{TEXT_VERSION}-{unique}"

    def _catalog(self) -> str:
        """Return the name of our catalog: the one of the settings, or one of this installation alone."""
        if self._name is None:
            self._name = self._settings.index.catalog or installation(self._settings.data_dir)
        return self._name

    async def _engine_of(self, space: VectorSpace, catalog: str) -> AbstractAsyncContextManager[Engine]:
        if self._settings.index.chosen == "qdrant":
            return await run_in_thread(_qdrant, self._settings, space, catalog)
        edge = await run_in_thread(import_module, "mcp_toolweaver.index.qdrant_edge")
        given = self._settings.index
        opened: AbstractAsyncContextManager[Engine] = edge.open_edge(
            self._folder(space), space.dimension, catalog, quantization=given.quantization, on_disk=given.on_disk
        )
        return opened


def _qdrant(settings: Settings, space: VectorSpace, catalog: str) -> AbstractAsyncContextManager[Engine]:
    """Import Qdrant's client, which takes a second, and return what opens the server's engine."""
    given = settings.index
    opening = import_module("mcp_toolweaver.index.qdrant.opening")
    key = given.api_key.get_secret_value() if given.api_key else None
    opened: AbstractAsyncContextManager[Engine] = opening.open_qdrant(
        Address(given.url or "", key, given.grpc, given.grpc_port),
        Place(space.name, space.dimension, catalog, given.prefix),
        layout=Layout(
            sharding=given.sharding,
            shard_number=given.shard_number,
            replication_factor=given.replication_factor,
            quantization=given.quantization,
            on_disk=given.on_disk,
        ),
        deadlines=Deadlines(search=max(Deadlines().search, given.timeout)),
    )
    return opened
