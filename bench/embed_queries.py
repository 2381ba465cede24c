"""How long one question takes, by runtime, precision and threads; all of them in one process and in turns."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeAlias

from bench.embed_figures import Rows, Value, milliseconds, number
from bench.embed_models import Precision, Ready, Seeds, encoded, open_embedder, open_seeds, use_threads
from mcp_toolweaver.config import Settings
from mcp_toolweaver.embeddings.turns import Turns

Ask: TypeAlias = Callable[[str], Awaitable[object]]

SEEDS = "SentenceTransformer.encode, {} thread(s)"
PROCESSOR = "processor ms"
THREADS = (1, 2)
PRECISIONS: tuple[Precision, ...] = ("fp32", "int8")
_COMPARED = {"p50 ms": "times faster, p50", "least ms": "least", PROCESSOR: "processor"}
_IN_A_ROW = 20


async def asked(settings: Settings, ready: Ready, questions: Sequence[str]) -> Rows:
    """Return what each arm takes for a question, and how many times faster it is than the seeds' best."""
    arms: dict[str, Ask] = {}
    if ready.weights is not None and ready.runs_torch:
        arms |= await _by_torch(ready)
    for precision in PRECISIONS:
        for threads in THREADS:
            arms[f"ONNX Runtime {precision}, {threads} thread(s)"] = _by_graph(ready, precision, threads)
    arms |= {
        "ModelEmbedder fp32": _one((await open_embedder(settings, precision="fp32", device="cpu")).embed_queries),
        "ModelEmbedder int8, 1 thread(s)": _one((await open_embedder(settings, device="cpu", threads=1)).embed_queries),
        "ModelEmbedder, the default": _one((await open_embedder(settings, device="cpu")).embed_queries),
    }
    return _beside_seeds(await in_turns(arms, questions))


async def in_turns(arms: Mapping[str, Ask], questions: Sequence[str]) -> dict[str, dict[str, Value]]:
    """Ask every arm every question, some in a row, and sum up; processor time is that of all its threads."""
    taken: dict[str, list[float]] = {arm: [] for arm in arms}
    processor = dict.fromkeys(arms, 0.0)
    for start in range(0, len(questions), _IN_A_ROW):
        for arm, ask in arms.items():
            await ask(questions[start])
            before = time.process_time()
            for question in questions[start : start + _IN_A_ROW]:
                started = time.perf_counter()
                await ask(question)
                taken[arm].append(time.perf_counter() - started)
            processor[arm] += time.process_time() - before
    return {
        arm: {**milliseconds(seconds), PROCESSOR: 1_000 * processor[arm] / len(seconds)}
        for arm, seconds in taken.items()
    }


async def _by_torch(ready: Ready) -> dict[str, Ask]:
    """Return the seeds' way by threads, and our runtime over torch with as many as torch likes."""
    from mcp_toolweaver.embeddings.torch_runtime.runtime import load  # noqa: PLC0415  takes seconds

    assert ready.weights is not None
    ours = await load(str(ready.weights), device="cpu", turns=Turns())
    seeds = open_seeds(ready.weights)
    return {**{SEEDS.format(threads): _by_seeds(seeds, threads) for threads in THREADS}, "torch fp32": _one(ours.embed)}


def _by_seeds(seeds: Seeds, threads: int) -> Ask:
    async def ask(question: str) -> object:
        use_threads(threads)
        return encoded(seeds, [question])

    return ask


def _by_graph(ready: Ready, precision: Precision, threads: int) -> Ask:
    """Return the bare runtime, without a worker thread and unchecked."""
    runtime = ready.graph(precision, threads=threads)

    async def ask(question: str) -> object:
        return runtime.vector(question)

    return ask


def _one(embed: Callable[[list[str]], Awaitable[Any]]) -> Ask:
    async def ask(question: str) -> object:
        return await embed([question])

    return ask


def _beside_seeds(rows: Mapping[str, dict[str, Value]]) -> Rows:
    seeds = [row for arm, row in rows.items() if arm in {SEEDS.format(threads) for threads in THREADS}]
    if not seeds:
        return rows
    best = {name: min(number(row, name) for row in seeds) for name in _COMPARED}
    return {
        arm: {
            **row,
            **{title: best[name] / number(row, name) for name, title in _COMPARED.items()},
        }
        for arm, row in rows.items()
    }
