"""A model run by ONNX Runtime on the CPU: each text by itself, several at once."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio
from tokenizers import Tokenizer

from mcp_toolweaver.core.errors import Unavailable
from mcp_toolweaver.core.threads import run_in_thread
from mcp_toolweaver.embeddings.onnx_runtime.session import Graph, open_graph
from mcp_toolweaver.embeddings.recipe import Recipe
from mcp_toolweaver.embeddings.runtime import PART
from mcp_toolweaver.embeddings.turns import Turns

if TYPE_CHECKING:
    from mcp_toolweaver.core.query import Vector


class OnnxRuntime:
    """A `Runtime`. A text's vector depends on the text alone, since none is padded to the length of another."""

    def __init__(
        self, graph: Graph, tokenizer: Tokenizer, recipe: Recipe, label: str, *, workers: int, turns: Turns | None
    ) -> None:
        """Use `load` to get one."""
        self._graph = graph
        self._tokenizer = tokenizer
        self._pooling = recipe.pooling
        self._workers = workers
        self._turns = turns
        self._threads = anyio.CapacityLimiter(workers)
        self.label = label

    async def embed(self, texts: Sequence[str], *, prompt: str = "") -> Sequence[Vector]:
        """See `Runtime.embed`."""
        vectors: dict[int, Vector] = {}
        left = iter([(position, prompt + text) for position, text in enumerate(texts)])
        stop = threading.Event()  # a caller may leave its threads behind
        others = min(self._workers, len(texts)) - 1
        try:
            if others < 1:  # a question of one clause, which need not wait for a group of tasks
                await self._work(left, vectors, stop)
            else:
                async with anyio.create_task_group() as tasks:
                    for _ in range(others + 1):
                        tasks.start_soon(self._work, left, vectors, stop)
        except* Exception as errors:
            raise Unavailable(PART, f"{self.label} failed: {errors.exceptions[0]}") from errors
        finally:
            stop.set()
        return [vectors[position] for position in range(len(texts))]

    async def _work(self, left: Iterator[tuple[int, str]], vectors: dict[int, Vector], stop: threading.Event) -> None:
        await run_in_thread(self._take, left, vectors, stop, limiter=self._threads)

    def _take(self, left: Iterator[tuple[int, str]], vectors: dict[int, Vector], stop: threading.Event) -> None:
        """Embed texts, of which other threads take some too, until none is left."""
        for position, text in left:
            if stop.is_set():
                return
            if self._turns is not None:
                self._turns.document()
            vectors[position] = self.vector(text)

    def vector(self, text: str) -> Vector:
        """Return the vector of one text, neither normalized nor checked."""
        states = self._graph.states(self._tokenizer.encode(text).ids)
        vector: Vector = states.mean(axis=0) if self._pooling == "mean" else states[0]
        return vector


def load(
    graph: Path,
    tokenizer: Path,
    recipe: Recipe,
    name: str,
    *,
    threads: int = 1,
    workers: int = 1,
    turns: Turns | None = None,
) -> OnnxRuntime:
    """Open a graph and its tokenizer, which takes a tenth of a second; blocking.

    Args:
        graph: The ONNX file.
        tokenizer: The ``tokenizer.json`` of its model.
        recipe: How its hidden states become a vector.
        name: What precision it computes in.
        threads: How many compute one text.
        workers: How many texts are computed at once.
        turns: Who goes first; None where this is for those who do.

    Raises:
        Unavailable: a file is missing or damaged.
    """
    try:
        pieces: Any = Tokenizer.from_file(str(tokenizer))  # some of its types are unknown
        pieces.no_padding()
        pieces.enable_truncation(recipe.max_length)
        opened = open_graph(graph, threads)
    except Exception as error:  # both libraries raise bare exceptions and kinds of their own
        raise Unavailable(PART, f"{graph} cannot be opened: {str(error).splitlines()[0]}") from error
    label = f"ONNX Runtime, {name}, {threads * workers} threads of the CPU"
    return OnnxRuntime(opened, pieces, recipe, label, workers=workers, turns=turns)
