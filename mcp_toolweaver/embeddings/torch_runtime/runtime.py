"""A `Runtime` over a model of torch: batches by length, one at a time, that stop when nobody waits any more."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import anyio

from mcp_toolweaver.core.threads import run_in_thread
from mcp_toolweaver.embeddings.torch_runtime.batches import CPU, GPU, Batches
from mcp_toolweaver.embeddings.torch_runtime.failures import OutOfMemory
from mcp_toolweaver.embeddings.torch_runtime.model import LoadedModel
from mcp_toolweaver.embeddings.torch_runtime.opening import open_model
from mcp_toolweaver.embeddings.turns import Turns

if TYPE_CHECKING:
    from mcp_toolweaver.core.query import Vector


async def load(
    folder: str, *, device: str, turns: Turns, half: bool | None = None, threads: int | None = None
) -> TorchRuntime:
    """Load a model for documents, which takes seconds; see `open_model`.

    Raises:
        Unavailable: it cannot be loaded; the message says what to do.
    """

    def run() -> LoadedModel:
        return open_model(Path(folder), device, half=half, threads=threads)

    return TorchRuntime(await run_in_thread(run), turns)


class TorchRuntime:
    """Embeds texts by a loaded model."""

    def __init__(
        self, model: LoadedModel, turns: Turns | None, *, clock: Callable[[], float] = time.perf_counter
    ) -> None:
        """Let queries go first as ``turns`` says; None is for queries, which wait for nobody."""
        self.model = model
        self._turns = turns
        self._clock = clock
        self._batches = Batches(CPU if model.device == "cpu" else GPU, model.full)
        self._one_at_a_time = anyio.CapacityLimiter(1)

    @property
    def label(self) -> str:
        """See `Runtime.label`."""
        return self.model.label

    def for_queries(self) -> TorchRuntime:
        """Return a runtime over the same model that waits for one batch of documents at most."""
        return TorchRuntime(self.model, None, clock=self._clock)

    async def embed(self, texts: Sequence[str], *, prompt: str = "") -> Sequence[Vector]:
        """See `Runtime.embed`."""
        stopped = threading.Event()
        try:
            return await run_in_thread(self._embed, texts, prompt, stopped, limiter=self._one_at_a_time)
        finally:
            stopped.set()

    def _embed(self, texts: Sequence[str], prompt: str, stopped: threading.Event) -> list[Vector]:
        """Embed the longest first: that is when memory runs out, and pads least."""
        lengths = [self.model.length(text) for text in texts]
        order = sorted(range(len(texts)), key=lengths.__getitem__, reverse=True)
        made: dict[int, Vector] = {}
        while len(made) < len(order):
            if self._turns is not None:
                self._turns.document()
            with self.model.lock:
                if stopped.is_set():
                    return []  # nobody waits for it
                done, longest = len(made), lengths[order[len(made)]]
                batch = order[done : done + self._batches.take(longest, len(order) - done)]
                vectors = self._batch([texts[i] for i in batch], prompt, longest)
            made |= zip(batch, vectors, strict=False)  # all of them, or none
        return [made[i] for i in range(len(texts))]

    def _batch(self, texts: Sequence[str], prompt: str, longest: int) -> Sequence[Vector]:
        """Return the vectors of a batch; none if there was no memory for so many texts.

        Raises:
            Unavailable: there is no memory for one either, or the model failed.
        """
        started = self._clock()
        vectors: Sequence[Vector] = []
        with suppress(OutOfMemory):
            vectors = self.model.encode(texts, prompt)
        if vectors:
            self._batches.took(len(texts), longest, self._clock() - started)
            return vectors
        self.model.free()
        if not self._batches.ran_out(len(texts), longest):
            raise self.model.exhausted()
        return []
