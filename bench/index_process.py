"""One engine in a process of its own, so that its memory and its start can be told from those of others.

    python bench/index_process.py build|reopen|sync ENGINE FOLDER CATALOG QUERIES SIZE

Prints one JSON object. Memory is what the process holds above its base, which has all modules but the
engine's, the tools and the questions, and no vectors; free memory was given back to the system before.
Times are those of a new process, but the files may be in the system's cache.
"""

from __future__ import annotations

import ctypes
import gc
import json
import platform
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

import anyio

from bench.index_arm import IndexArm
from bench.index_counted import ReadyEmbedder
from bench.index_engines import PERSISTENT, open_arm, open_index
from bench.index_tools import ONE, Workload, workload
from mcp_toolweaver.core.tools import Snapshot, Tool
from mcp_toolweaver.index.indexer import Indexer

_CHANGED = 100
"""Every so many-th tool changes."""
_MEGABYTE = 1_000_000

Figures = dict[str, float]


def main() -> None:
    """Take one step and print what it cost."""
    step, engine, folder, catalog, queries, size = sys.argv[1:]
    work = workload(Path(catalog), Path(queries), int(size))
    print(json.dumps(anyio.run(STEPS[step], engine, Path(folder), work)))


async def build(engine: str, folder: Path, work: Workload) -> Figures:
    """From tools with ready vectors to searchable, and to settled."""
    before = _resident()
    vectors = work.vectors.nbytes / _MEGABYTE
    async with open_arm(engine, folder, work.snapshot.tools) as arm:
        questions = work.questions[ONE]
        processor = time.process_time()
        searchable = await _timed(lambda: arm.fill(work.entries()))
        searchable += await _timed(lambda: arm.ask(questions[0]))
        processor = time.process_time() - processor
        settled = searchable + await _timed(arm.settle)
        for asked in questions[:50]:
            await arm.ask(asked)
        work.forget_vectors()
        after = _resident()
    held = {f"{kind} MB": after[kind] - before[kind] + vectors for kind in before}
    times = {"searchable s": searchable, "of it on a processor s": processor, "settled s": settled}
    return {**times, **held, **_disk(folder)}


async def reopen(engine: str, folder: Path, work: Workload) -> Figures:
    """From a folder that was filled by another process to the first answer."""
    work.forget_vectors()
    before = _resident()
    started = time.perf_counter()
    async with open_index(engine, folder, work.snapshot.tools) as arm:
        opened = time.perf_counter() - started
        await arm.ask(work.questions[ONE][0])
        answered = time.perf_counter() - started
        assert len(await arm.index.digests()) == len(work.snapshot), "what was written is there"
        for asked in work.questions[ONE][:50]:
            await arm.ask(asked)
        after = _resident()
    held = {f"{kind} MB": after[kind] - before[kind] for kind in before}
    return {"opened s": opened, "answered s": answered, **held}


async def sync(engine: str, folder: Path, work: Workload) -> Figures:
    """One percent of the tools change; then a new process would start and sync the same catalog."""
    embedder = ReadyEmbedder(work)
    changed = Snapshot.of(_changed(tool) if at % _CHANGED == 0 else tool for at, tool in enumerate(_tools(work)))
    async with open_index(engine, folder, changed.tools) as arm:
        indexer = Indexer(arm.index, embedder)
        figures = {"whole s": await _timed(lambda: _synced(indexer, work.snapshot))}
        await arm.settle()
        figures |= await _counted(arm, embedder, lambda: _synced(indexer, changed))
    if engine in PERSISTENT:
        async with open_index(engine, folder, changed.tools) as arm:
            again = Indexer(arm.index, embedder)
            counted = await _counted(arm, embedder, lambda: _synced(again, changed))
            figures |= {f"again {name}": value for name, value in counted.items()}
    return figures


STEPS: Mapping[str, Callable[[str, Path, Workload], Awaitable[Figures]]] = {
    "build": build,
    "reopen": reopen,
    "sync": sync,
}


async def _counted(arm: IndexArm, embedder: ReadyEmbedder, run: Callable[[], Awaitable[object]]) -> Figures:
    embedded, points, removed = embedder.embedded, arm.writes.points, arm.writes.removed
    seconds = await _timed(run)
    return {
        "seconds": seconds,
        "embedded": embedder.embedded - embedded,
        "points written": arm.writes.points - points,
        "points removed": arm.writes.removed - removed,
    }


async def _synced(indexer: Indexer, snapshot: Snapshot) -> None:
    await indexer.sync_words(snapshot)
    await indexer.sync_vectors()


def _tools(work: Workload) -> list[Tool]:
    return list(work.snapshot.tools.values())


def _changed(tool: Tool) -> Tool:
    raw = {**tool.definition, "description": f"Changed. {tool.description}"}
    return Tool.from_definition(tool.id.server, raw, domain=tool.domain, server_description=tool.server_description)


async def _timed(run: Callable[[], Awaitable[object]]) -> float:
    started = time.perf_counter()
    await run()
    return time.perf_counter() - started


def _resident() -> Figures:
    """Return what the process holds, in MB: memory of its own, and with the files that it has mapped and read."""
    gc.collect()
    if platform.system() != "Linux":
        return {}
    ctypes.CDLL(None).malloc_trim(0)
    lines = (line.split() for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines())
    kilobytes = {line[0]: int(line[1]) for line in lines if line[0] in {"RssAnon:", "VmRSS:"}}
    return {"own": kilobytes["RssAnon:"] / 1_000, "resident": kilobytes["VmRSS:"] / 1_000}


def _disk(folder: Path) -> Figures:
    """Return what the files of a folder take on disk, in MB."""
    return {"disk MB": sum(file.stat().st_blocks * 512 for file in folder.rglob("*") if file.is_file()) / _MEGABYTE}


if __name__ == "__main__":
    main()
