"""One runtime in a process of its own, so that its start and its memory can be told from those of others.

    python bench/embed_process.py RUNTIME STARTED WEIGHTS FOLDER MODELS

STARTED is what ``time.time()`` gave just before the process was started, WEIGHTS the folder of a
SentenceTransformer, FOLDER that of the graphs made of it, MODELS the model cache. Prints one JSON object.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import anyio

Ask: TypeAlias = Callable[[str], Awaitable[object]]

SINCE_START = "s since the start"
_QUESTION = "create an issue about the login page that does not load"
_MORE = 20


@dataclass(frozen=True, slots=True)
class Places:
    """Where the model is."""

    weights: Path
    folder: Path
    models: Path


def main() -> None:
    """Load a runtime, embed a question, then some more, and print what it took."""
    runtime, started, *places = sys.argv[1:]
    found = anyio.run(_measured, RUNTIMES[runtime], Places(*map(Path, places)), float(started))
    print(json.dumps(found))


async def _measured(open_: Callable[[Places], Awaitable[Ask]], places: Places, started: float) -> dict[str, Any]:
    began = time.time()
    ask = await open_(places)
    loaded = time.time()
    await ask(_QUESTION)
    first = time.time()
    for _ in range(_MORE):
        await ask(_QUESTION)
    from bench.embed_figures import memory  # noqa: PLC0415  brings a library that is not measured

    return {
        "s to load": loaded - began,
        "s to a vector": first - began,
        SINCE_START: first - started,
    } | memory()


async def _nothing(_places: Places) -> Ask:
    import numpy as np  # noqa: PLC0415  what is imported is what is measured

    async def ask(_question: str) -> object:
        return np.zeros(1)

    return ask


async def _seeds(places: Places) -> Ask:
    from sentence_transformers import SentenceTransformer  # noqa: PLC0415  likewise
    from transformers.utils import logging  # noqa: PLC0415

    quiet: Any = logging
    quiet.disable_progress_bar()
    model: Any = SentenceTransformer(str(places.weights), device="cpu", local_files_only=True)

    async def ask(question: str) -> object:
        return model.encode(question, normalize_embeddings=True, show_progress_bar=False)

    return ask


async def _torch(places: Places) -> Ask:
    from mcp_toolweaver.embeddings.torch_runtime.runtime import load  # noqa: PLC0415  likewise
    from mcp_toolweaver.embeddings.turns import Turns  # noqa: PLC0415

    runtime = await load(str(places.weights), device="cpu", turns=Turns())

    async def ask(question: str) -> object:
        return await runtime.embed([question])

    return ask


def _onnx(name: str) -> Callable[[Places], Awaitable[Ask]]:
    async def open_(places: Places) -> Ask:
        from mcp_toolweaver.embeddings import manifest  # noqa: PLC0415  likewise
        from mcp_toolweaver.embeddings.onnx_runtime.runtime import load  # noqa: PLC0415

        ready = manifest.read(places.folder)
        assert ready is not None
        runtime = load(places.folder / name, places.folder / manifest.TOKENIZER, ready.recipe, name)

        async def ask(question: str) -> object:
            return runtime.vector(question)

        return ask

    return open_


async def _default(places: Places) -> Ask:
    from mcp_toolweaver.config import EmbeddingSettings  # noqa: PLC0415  likewise
    from mcp_toolweaver.embeddings.opening import ModelOptions, open_model  # noqa: PLC0415

    embedder = await open_model(ModelOptions(EmbeddingSettings().model, places.models, device="cpu"))

    async def ask(question: str) -> object:
        return await embedder.embed_queries([question])

    return ask


RUNTIMES: Mapping[str, Callable[[Places], Awaitable[Ask]]] = {
    "numpy alone": _nothing,
    "SentenceTransformer": _seeds,
    "torch fp32": _torch,
    "ONNX Runtime fp32": _onnx("model.onnx"),
    "ONNX Runtime int8": _onnx("model-int8.onnx"),
    "open_model, the default": _default,
}
NEED_TORCH = {"SentenceTransformer", "torch fp32"}


if __name__ == "__main__":
    main()
