"""A model run by sentence-transformers and torch. The only file that imports them."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import anyio
import numpy as np

from mcp_toolweaver.core.errors import Unavailable
from mcp_toolweaver.core.threads import run_in_thread
from mcp_toolweaver.embeddings.weights import INSTALL, locate, runtime_is_installed, space_of

if TYPE_CHECKING:
    from mcp_toolweaver.core.query import Vector

_BATCH = 32
_PART = "search by meaning"


class SentenceTransformerEmbedder:
    """An `Embedder` over a loaded model; one text or batch at a time, off the event loop."""

    def __init__(self, model: Any, space: str) -> None:
        """Wrap a loaded ``SentenceTransformer``; use `load` to get one."""
        self._model = model
        self._one_at_a_time = anyio.CapacityLimiter(1)
        self._in_use = threading.Lock()  # a caller may leave its thread behind, and the limiter with it
        self.space = space

    async def embed_queries(self, texts: Sequence[str]) -> Sequence[Vector]:
        """See `Embedder.embed_queries`."""
        return await self.embed_documents(texts)

    async def embed_documents(self, texts: Sequence[str]) -> Sequence[Vector]:
        """See `Embedder.embed_documents`."""
        try:
            matrix = await run_in_thread(self._encode, list(texts), limiter=self._one_at_a_time)
        except RuntimeError as error:  # torch's: out of memory, a broken device
            raise Unavailable(_PART, f"the model {self.space} failed: {_first_line(error)}") from error
        if not np.isfinite(matrix).all():
            raise Unavailable(_PART, f"the model {self.space} returned vectors that are not numbers")
        return list(matrix)

    def _encode(self, texts: list[str]) -> np.ndarray[Any, np.dtype[np.float32]]:
        with self._in_use:
            vectors = self._model.encode(
                [text or " " for text in texts],
                batch_size=_BATCH,
                normalize_embeddings=True,
                convert_to_numpy=True,
                show_progress_bar=False,
            )
        return np.ascontiguousarray(vectors, dtype=np.float32)


async def load(model: str) -> SentenceTransformerEmbedder:
    """Load a model from this machine, which takes seconds; nothing is downloaded.

    Raises:
        Unavailable: the libraries or the weights are not here; the message says what to install.
    """
    if not runtime_is_installed():
        raise Unavailable(_PART, f"the embedding libraries are not installed; get them with: {INSTALL}")
    return await run_in_thread(_load, model)


def _load(model: str) -> SentenceTransformerEmbedder:
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    try:
        from sentence_transformers import SentenceTransformer  # noqa: PLC0415  takes seconds
        from transformers.utils import logging as transformers_logging  # noqa: PLC0415

        transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        located = locate(model)
        return SentenceTransformerEmbedder(SentenceTransformer(located, local_files_only=True), space_of(located))
    except Exception as error:  # the library raises OSError, ValueError, RuntimeError and its own alike
        raise Unavailable(_PART, f"the model {model!r} cannot be loaded: {_first_line(error)}") from error


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
