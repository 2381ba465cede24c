"""How many tools are embedded in a second: the seeds' loop, ours, and what batches would do."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeAlias

from bench.embed_figures import Row, Rows, Value
from bench.embed_models import GRAPHS, Precision, Ready, Seeds, encoded, open_embedder, open_seeds
from bench.embed_padded import Padded
from mcp_toolweaver.config import Settings
from mcp_toolweaver.core.threads import run_in_thread
from mcp_toolweaver.embeddings.turns import Turns

Embed: TypeAlias = Callable[[Sequence[str]], Awaitable[object]]

SEEDS = "seeds: encode of 32, unsorted"
PROCESSOR = "processor ms a text"
_BATCH = 32
_PARTS = 4
"""Each arm embeds every so many-th text, then the next arm does, and so on until all are embedded."""
_PADDED = (8, 32)
_WARM = 8


async def embedded(settings: Settings, ready: Ready, texts: Sequence[str]) -> Rows:
    """Return how fast each arm embeds the texts, in turns, and how many times faster than the seeds' loop it is."""
    arms: dict[str, Embed] = {}
    if ready.weights is not None and ready.runs_torch:
        arms |= await _by_torch(ready)
    for precision in ("fp32", "int8"):
        embedder = await open_embedder(settings, precision=precision, device="cpu")
        arms[f"ours {precision}"] = embedder.embed_documents
    arms["ours fp32, 1 thread"] = ready.graph("fp32").embed
    for one in GRAPHS:
        for batch in _PADDED:
            arms[f"ONNX Runtime {one}, padded batches of {batch}"] = _padded(ready, one, batch)
    parts = [texts[part::_PARTS] for part in range(_PARTS)]
    return _beside_seeds(await in_turns(arms, parts))


async def in_turns(arms: Mapping[str, Embed], parts: Sequence[Sequence[str]]) -> dict[str, Row]:
    """Return the speed of each arm over all parts, and in its best one."""
    seconds: dict[str, list[float]] = {arm: [] for arm in arms}
    processor = dict.fromkeys(arms, 0.0)
    for arm in arms.values():
        await arm(parts[0][:_WARM])
    for part in parts:
        for name, arm in arms.items():
            before, started = time.process_time(), time.perf_counter()
            await arm(part)
            seconds[name].append(time.perf_counter() - started)
            processor[name] += time.process_time() - before
    texts = sum(map(len, parts))
    return {
        name: _speed(taken, parts) | {PROCESSOR: 1_000 * processor[name] / texts} for name, taken in seconds.items()
    }


def _speed(seconds: Sequence[float], parts: Sequence[Sequence[str]]) -> dict[str, Value]:
    texts = sum(map(len, parts))
    best = max(len(part) / taken for part, taken in zip(parts, seconds, strict=True))
    return {"texts/s": texts / sum(seconds), "texts/s at best": best}


async def _by_torch(ready: Ready) -> dict[str, Embed]:
    from mcp_toolweaver.embeddings.torch_runtime.runtime import load  # noqa: PLC0415  takes seconds

    assert ready.weights is not None
    ours = await load(str(ready.weights), device="cpu", turns=Turns())
    seeds = open_seeds(ready.weights)
    return {SEEDS: _loop(seeds), "encode, which sorts": _whole(seeds), "torch fp32": ours.embed}


def _loop(seeds: Seeds) -> Embed:
    async def embed(texts: Sequence[str]) -> object:
        return [encoded(seeds, texts[start : start + _BATCH]) for start in range(0, len(texts), _BATCH)]

    return embed


def _whole(seeds: Seeds) -> Embed:
    async def embed(texts: Sequence[str]) -> object:
        return encoded(seeds, texts)

    return embed


def _padded(ready: Ready, precision: Precision, batch: int) -> Embed:
    padded = Padded(ready, precision, threads=2)

    async def embed(texts: Sequence[str]) -> object:
        return await run_in_thread(padded.embed, texts, batch)

    return embed


def _beside_seeds(rows: Mapping[str, Row]) -> Rows:
    seeds = rows.get(SEEDS)
    if seeds is None:
        return rows
    return {
        arm: {
            **row,
            "times faster": float(row["texts/s"]) / float(seeds["texts/s"]),
            "at best": float(row["texts/s at best"]) / float(seeds["texts/s at best"]),
            "processor": float(seeds[PROCESSOR]) / float(row[PROCESSOR]),
        }
        for arm, row in rows.items()
    }
