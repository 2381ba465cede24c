"""Users who come at once, and users who come while tools are being embedded."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from itertools import cycle, islice

import anyio

from bench.embed_figures import Rows, Value, milliseconds
from bench.embed_models import Precision, Ready
from bench.embed_padded import Padded
from mcp_toolweaver.core.threads import run_in_thread
from mcp_toolweaver.embeddings.onnx_runtime.runtime import OnnxRuntime
from mcp_toolweaver.embeddings.turns import Turns

AT_ONCE = 16
_THINKING = 0.02
"""Seconds between an answer and the next question."""
_PART = 64
_ROUNDS = 40
_THREADS = 2


async def at_once(ready: Ready, questions: Sequence[str]) -> Rows:
    """Return how long sixteen users wait who ask at once: one by one, or for one padded batch of all."""
    arms: dict[str, Callable[[Sequence[str]], Awaitable[list[float]]]] = {}
    for precision in ("int8", "fp32"):
        arms[f"{precision}: one by one, 1 thread"] = _each(ready.graph(precision))
        arms[f"{precision}: one by one, 2 threads a text"] = _each(ready.graph(precision, threads=_THREADS))
        arms[f"{precision}: two at a time, 1 thread a text"] = _each(ready.graph(precision, workers=_THREADS))
        arms[f"{precision}: one padded batch, 2 threads"] = _batch(ready, precision)
    waited: dict[str, list[float]] = {arm: [] for arm in arms}
    until_all: dict[str, list[float]] = {arm: [] for arm in arms}
    for start in range(_ROUNDS):
        asked = list(islice(cycle(questions), start * AT_ONCE, (start + 1) * AT_ONCE))
        for name, arm in arms.items():
            seconds = await arm(asked)
            waited[name] += seconds
            until_all[name].append(max(seconds))
    return {arm: _waits(waited[arm], until_all[arm]) for arm in arms}


def _waits(waited: Sequence[float], until_all: Sequence[float]) -> dict[str, Value]:
    one, last = milliseconds(waited), milliseconds(until_all)
    return {"a user: p50 ms": one["p50 ms"], "p95 ms": one["p95 ms"], "all: p50 ms": last["p50 ms"]} | {
        "all: least ms": last["least ms"]
    }


def _each(runtime: OnnxRuntime) -> Callable[[Sequence[str]], Awaitable[list[float]]]:
    async def ask(texts: Sequence[str]) -> list[float]:
        seconds: list[float] = []
        started = time.perf_counter()

        async def one(text: str) -> None:
            await runtime.embed([text])
            seconds.append(time.perf_counter() - started)

        async with anyio.create_task_group() as tasks:
            for text in texts:
                tasks.start_soon(one, text)
        return seconds

    return ask


def _batch(ready: Ready, precision: Precision) -> Callable[[Sequence[str]], Awaitable[list[float]]]:
    padded = Padded(ready, precision, threads=_THREADS)

    async def ask(texts: Sequence[str]) -> list[float]:
        started = time.perf_counter()
        await run_in_thread(padded.embed, texts, len(texts))
        return [time.perf_counter() - started] * len(texts)

    return ask


async def meanwhile(ready: Ready, questions: Sequence[str], texts: Sequence[str]) -> Rows:
    """Return what a question takes while tools are embedded in two threads, which let it go first or do not."""
    queries = ready.graph("int8", threads=_THREADS)
    rows: dict[str, dict[str, Value]] = {}
    for name, is_held in (("nothing else", None), ("tools wait for a turn", True), ("tools wait for nobody", False)):
        turns = Turns()
        documents = ready.graph("fp32", workers=_THREADS, turns=turns if is_held else None)
        rows[name] = await _asked(_first(queries, turns), questions, documents, [] if is_held is None else texts)
    return rows


def _first(queries: OnnxRuntime, turns: Turns) -> Callable[[str], Awaitable[None]]:
    async def ask(question: str) -> None:
        with turns.query():
            await queries.embed([question])

    return ask


async def _asked(
    ask: Callable[[str], Awaitable[None]], questions: Sequence[str], documents: OnnxRuntime, texts: Sequence[str]
) -> dict[str, Value]:
    done, taken, seconds = 0, 0.0, list[float]()
    started = time.perf_counter()

    async def embed() -> None:
        nonlocal done
        for start in cycle(range(0, len(texts), _PART)):
            part = texts[start : start + _PART]
            await documents.embed(part)
            done += len(part)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(embed)
        for question in questions:
            await anyio.sleep(_THINKING)
            asked = time.perf_counter()
            await ask(question)
            seconds.append(time.perf_counter() - asked)
        taken = time.perf_counter() - started
        tasks.cancel_scope.cancel()
    return {**milliseconds(seconds), "tools/s meanwhile": done / taken}
