"""A GPU, where there is one: loading, one question, and many tools beside the CPU."""

from __future__ import annotations

import time
from collections.abc import Sequence
from importlib import import_module
from typing import Any

from bench.embed_figures import Row, Rows, Value, milliseconds
from bench.embed_models import Ready, open_embedder
from mcp_toolweaver.config import Settings
from mcp_toolweaver.embeddings.turns import Turns

_RUNS = 3
_CPU_TEXTS = 1_000
"""So many are enough to know the speed of the CPU."""


def gpu_name(ready: Ready) -> str | None:
    """Return what the GPU is called that torch can use; None without one."""
    if not ready.runs_torch:
        return None
    torch: Any = import_module("torch")
    return str(torch.cuda.get_device_name(0)) if torch.cuda.is_available() else None


async def on_gpu(settings: Settings, ready: Ready, questions: Sequence[str], texts: Sequence[str]) -> Rows:
    """Return what the GPU does in 16 and in 32 bits, and the CPU beside it."""
    rows = {f"torch fp{bits}, GPU": await _torch(ready, bits, questions, texts) for bits in (16, 32)}
    cpu = await open_embedder(settings, device="cpu")
    started = time.perf_counter()
    await cpu.embed_documents(texts[:_CPU_TEXTS])
    rate = min(len(texts), _CPU_TEXTS) / (time.perf_counter() - started)
    rows["ours, CPU"] = {"texts/s": rate, **milliseconds(await _questions(cpu.embed_queries, questions))}
    return {name: {**row, "times faster": float(row["texts/s"]) / rate} for name, row in rows.items()}


async def _torch(ready: Ready, bits: int, questions: Sequence[str], texts: Sequence[str]) -> Row:
    from mcp_toolweaver.embeddings.torch_runtime.runtime import load  # noqa: PLC0415  takes seconds

    started = time.perf_counter()
    runtime = await load(str(ready.weights), device="cuda", turns=Turns(), half=bits == 16)  # noqa: PLR2004
    loaded = time.perf_counter() - started
    taken = [await _seconds(runtime.embed, texts) for _run in range(_RUNS)]
    row: dict[str, Value] = {
        "s to load": loaded,
        f"s for {len(texts):,} tools, at first": taken[0],
        "s later, least": min(taken),
        "texts/s": len(texts) / min(taken),
    }
    return {**row, **milliseconds(await _questions(runtime.for_queries().embed, questions))}


async def _questions(embed: Any, questions: Sequence[str]) -> list[float]:
    await embed([questions[0]])
    return [await _seconds(embed, [question]) for question in questions]


async def _seconds(embed: Any, texts: Sequence[str]) -> float:
    started = time.perf_counter()
    await embed(texts)
    return time.perf_counter() - started
