"""A process that changes an index in a folder again and again, until it is killed, or dies at a step of a change.

``python -m tests.fakes.edge_writer FOLDER FIRST [STEP TIMES]``: begins with generation FIRST, and says ``done N`` after
each. A generation of an even number is a version by words alone, and the next one brings the vectors. With STEP, the
process dies when the step has come so many times.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import anyio

from mcp_toolweaver.core.query import IndexEntry
from mcp_toolweaver.index.qdrant_edge import engine as edge
from mcp_toolweaver.index.qdrant_edge import open_edge
from mcp_toolweaver.index.qdrant_edge.engine import EdgeEngine
from mcp_toolweaver.index.qdrant_edge.folder import EdgeFolder
from mcp_toolweaver.index.stored import StoredIndex, open_stored
from tests.contracts.versions import CATALOG, entries, version

SIZE = 70
"""How many tools a generation has; points are written 20 at a time."""

STEPS: dict[str, tuple[type, str]] = {
    "batch written": (EdgeEngine, "_change"),
    "all written": (EdgeEngine, "write"),
    "view replaced": (EdgeFolder, "write"),
    "view kept": (EdgeEngine, "write_view"),
    "old removed": (EdgeEngine, "remove"),
    "view prepared": (Path, "replace"),
}
"""Each but the last is over when the process dies; the last is about to begin."""


def die_at(step: str, times: int) -> None:
    """Die when a step has come so many times."""
    owner, name = STEPS[step]
    original: Callable[..., Any] = getattr(owner, name)
    left = iter(range(times - 1, -1, -1))

    def die() -> None:
        if next(left) == 0:
            os._exit(9)

    async def dying_later(*arguments: Any) -> Any:
        answer = await original(*arguments)
        die()
        return answer

    def dying(*arguments: Any) -> Any:
        if owner is Path:
            die()
        answer = original(*arguments)
        if owner is not Path:
            die()
        return answer

    setattr(owner, name, dying_later if owner is EdgeEngine else dying)


def generation(number: int) -> list[IndexEntry]:
    """Return the entries of a generation."""
    tools = version(number // 2, size=SIZE)
    return entries(tools) if number % 2 else [IndexEntry(tool) for tool in tools]


async def write(folder: Path, first: int, *step: str) -> None:
    """Change the index for ever."""
    edge.__dict__["_WRITTEN_AT_ONCE"] = 20
    async with open_edge(folder, 16, CATALOG) as engine:
        index: StoredIndex = await open_stored(engine, CATALOG, 16)
        say("ready")
        if step:
            die_at(step[0], int(step[1]))
        for number in count(first):
            await index.apply(generation(number), [])
            say(f"done {number}")


def say(line: str) -> None:
    """Tell whoever reads our output, at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    anyio.run(write, Path(sys.argv[1]), int(sys.argv[2]), *sys.argv[3:])
