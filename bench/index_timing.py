"""How long engines take to answer, all of them in one process and in turns, and how far they agree."""

from __future__ import annotations

import statistics
import time
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from itertools import cycle, islice
from pathlib import Path

from bench.index_arm import Answer, Arm, IndexArm
from bench.index_engines import MEMORY, PERSISTENT, open_arm
from bench.index_tools import KINDS, ONE, THREE, Asked, Workload
from mcp_toolweaver.core.query import IndexQuery, Probe
from mcp_toolweaver.core.tools import ToolId

SECONDS = 15.0
"""An engine is asked no more questions of a kind once it has taken that long."""
_IN_A_ROW = 20
_DEPTHS = (10, 30)

Figures = dict[str, float]
Timed = dict[str, dict[str, Figures]]
"""By engine and kind of question."""


async def timed(folders: Mapping[str, Path], work: Workload, queries: int) -> tuple[Timed, dict[str, Figures]]:
    """Return what each engine takes for each kind of question, and how it agrees with memory."""
    async with AsyncExitStack() as opened:
        arms = {
            engine: await opened.enter_async_context(open_arm(engine, folder, work.snapshot.tools))
            for engine, folder in folders.items()
        }
        for engine, arm in arms.items():
            if engine not in PERSISTENT:
                await arm.fill(work.entries())
                await arm.settle()
        found = {engine: dict[str, Figures]() for engine in arms}
        for kind in KINDS:
            able = {engine: arm for engine, arm in arms.items() if kind != THREE or isinstance(arm, IndexArm)}
            answers = await _in_turns(able, list(islice(cycle(work.questions[kind]), queries)))
            for engine, given in answers.items():
                found[engine][kind] = _figures(given)
        return found, await _agreement(arms, work.questions[ONE])


async def _in_turns(arms: Mapping[str, Arm], questions: Sequence[Asked]) -> dict[str, list[Answer]]:
    """Ask every engine every question: some in a row, so that a slow one does not empty the caches of a fast one."""
    answers = {engine: list[Answer]() for engine in arms}
    spent = dict.fromkeys(arms, 0.0)
    for start in range(0, len(questions), _IN_A_ROW):
        for engine, arm in arms.items():
            started = time.perf_counter()
            if spent[engine] < SECONDS:
                await arm.ask(questions[start])
                answers[engine] += [await arm.ask(asked) for asked in questions[start : start + _IN_A_ROW]]
            spent[engine] += time.perf_counter() - started
    return answers


def _figures(answers: Sequence[Answer]) -> Figures:
    whole = [1_000 * answer.seconds for answer in answers]
    hundredths = statistics.quantiles(whole, n=100, method="inclusive")
    return {
        "p50": hundredths[49],
        "p95": hundredths[94],
        "p10": hundredths[9],
        "least": min(whole),
        "lanes p50": 1_000 * statistics.median(answer.lanes for answer in answers),
        "fusion p50": 1_000 * statistics.median(answer.fusion for answer in answers),
        "asked": len(answers),
    }


async def _agreement(arms: Mapping[str, Arm], questions: Sequence[Asked]) -> dict[str, Figures]:
    """Return how far each index of ours finds what the exact one finds; nothing if that is not among them."""
    exact = arms.get(MEMORY)
    others = {name: arm for name, arm in arms.items() if name != MEMORY and isinstance(arm, IndexArm)}
    if not isinstance(exact, IndexArm):
        return {}
    return {name: await compared(arm, exact, questions) for name, arm in others.items()}


async def compared(arm: IndexArm, exact: IndexArm, questions: Sequence[Asked]) -> Figures:
    """Return how often two indexes show the same ten tools, and how many of the best by meaning one finds."""
    same = [set((await arm.ask(asked)).found) == set((await exact.ask(asked)).found) for asked in questions]
    shares: dict[int, list[float]] = {depth: [] for depth in _DEPTHS}
    for asked in questions:
        mine, right = await _by_meaning(arm, asked), await _by_meaning(exact, asked)
        for depth in _DEPTHS:
            shares[depth].append(len({*mine[:depth]} & {*right[:depth]}) / (len(right[:depth]) or 1))
    return {
        "same top 10": statistics.mean(same),
        **{f"dense recall@{depth}": statistics.mean(shares[depth]) for depth in _DEPTHS},
    }


async def _by_meaning(arm: IndexArm, asked: Asked) -> list[ToolId]:
    """Return what the dense lane alone brings, best first."""
    first = asked.query.probes[0]
    query: IndexQuery = replace(asked.query, probes=(Probe((), first.vector),))
    matches = (await arm.index.query(query)).matches
    ranked = sorted((match for match in matches if match.dense), key=lambda match: -match.dense[0])
    return [match.id for match in ranked]
