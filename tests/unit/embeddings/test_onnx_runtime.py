"""What ONNX Runtime does between texts: it lets queries go first, and stops when nobody waits any more."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
import numpy as np
import pytest
from tokenizers import Tokenizer

from mcp_toolweaver.core.threads import run_in_thread
from mcp_toolweaver.embeddings.onnx_runtime.runtime import OnnxRuntime
from mcp_toolweaver.embeddings.onnx_runtime.session import Graph
from mcp_toolweaver.embeddings.recipe import Recipe
from mcp_toolweaver.embeddings.turns import Turns
from tests.fakes.tiny_model import write_tiny_model

if TYPE_CHECKING:
    from mcp_toolweaver.core.query import Vector

pytestmark = pytest.mark.anyio


class Recording(Graph):
    """A graph that notes when it is run, and waits for its gate."""

    def __init__(self, events: list[str]) -> None:
        self.events = events
        self.entered = threading.Event()
        self.gate = threading.Event()
        self.gate.set()
        self.thread: threading.Thread | None = None

    def states(self, pieces: Sequence[int]) -> Vector:
        self.events.append("text")
        self.thread = threading.current_thread()
        self.entered.set()
        self.gate.wait(30)  # a failing test must end
        return np.ones((len(pieces), 2), dtype=np.float32)


class RecordingTurns(Turns):
    """Turns that note when a document asks for one."""

    def __init__(self, events: list[str]) -> None:
        super().__init__()
        self.events = events

    def document(self) -> None:
        self.events.append("turn")
        super().document()


def _runtime(graph: Graph, folder: Path, turns: Turns | None) -> OnnxRuntime:
    tokenizer = Tokenizer.from_file(str(write_tiny_model(folder) / "tokenizer.json"))
    return OnnxRuntime(graph, tokenizer, Recipe(2, 8, "mean"), "test", workers=1, turns=turns)


async def test_a_document_asks_for_its_turn_before_each_text_and_a_query_never(tmp_path: Path) -> None:
    events: list[str] = []
    graph = Recording(events)
    await _runtime(graph, tmp_path / "a", RecordingTurns(events)).embed(["a", "b", "c"])
    assert events == ["turn", "text"] * 3
    events.clear()
    await _runtime(graph, tmp_path / "b", None).embed(["a", "b"])
    assert events == ["text", "text"]


def test_a_thread_that_was_left_behind_embeds_nothing_more(tmp_path: Path) -> None:
    graph = Recording([])
    graph.gate.clear()
    runtime = _runtime(graph, tmp_path / "a", None)

    async def leave() -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(runtime.embed, ["a"] * 10)
            await run_in_thread(graph.entered.wait, 30)
            tasks.cancel_scope.cancel()

    anyio.run(leave)  # with threads of its own, which end with it
    graph.gate.set()
    assert graph.thread is not None
    graph.thread.join(30)
    assert not graph.thread.is_alive()
    assert graph.events == ["text"]
