"""The engines by name, each opened as an arm; what an engine imports is imported when it is opened."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from types import MappingProxyType

from bench.index_arm import Arm, IndexArm, Writes
from bench.index_counted import CountedEngine, CountedMemoryIndex
from bench.index_tools import DIMENSION
from mcp_toolweaver.core.tools import Tool, ToolId

MEMORY, EMBEDDED, CLIENT = "memory", "embedded", "client"
SEEDS, LOCAL, FUSION = "seeds", "local mode", "qdrant fusion"
ENGINES = (MEMORY, EMBEDDED, SEEDS, LOCAL, FUSION)
INDEXES = (MEMORY, EMBEDDED)
"""Those that are an index of ours."""
_CATALOG = "bench"
PERSISTENT = (EMBEDDED,)
"""Those that find in their folder what was written there."""


@asynccontextmanager
async def open_arm(engine: str, folder: Path, tools: Mapping[ToolId, Tool]) -> AsyncGenerator[Arm]:
    """Open an engine over a folder of its own; ``tools`` are those that it will be asked for."""
    if engine in INDEXES:
        async with open_index(engine, folder, tools) as arm:
            yield arm
    elif engine == SEEDS:
        from bench.index_seeds import SeedsArm  # noqa: PLC0415

        yield SeedsArm()
    elif engine == LOCAL:
        from bench.index_local import LocalModeArm  # noqa: PLC0415

        yield LocalModeArm()
    elif engine == FUSION:
        from bench.index_fusion import FusionArm  # noqa: PLC0415

        yield FusionArm(folder)
    else:
        raise SystemExit(f"there is no engine {engine!r}; there are {', '.join(ENGINES)}")


@asynccontextmanager
async def open_index(
    engine: str, folder: Path, tools: Mapping[ToolId, Tool] = MappingProxyType({}), dimension: int = DIMENSION
) -> AsyncGenerator[IndexArm]:
    """Open one of our indexes, over a folder of its own if it has one."""
    writes = Writes()
    if engine == MEMORY:
        yield IndexArm(CountedMemoryIndex(writes), tools, writes)
    elif engine == EMBEDDED:
        from mcp_toolweaver.index.qdrant_edge import open_edge  # noqa: PLC0415
        from mcp_toolweaver.index.stored import open_stored  # noqa: PLC0415

        async with open_edge(folder, dimension) as edge:
            index = await open_stored(CountedEngine(edge, writes), _CATALOG, dimension)
            yield IndexArm(index, tools, writes, edge.settle)
    else:
        from qdrant_client import AsyncQdrantClient  # noqa: PLC0415

        from mcp_toolweaver.index.qdrant.opening import open_qdrant  # noqa: PLC0415
        from mcp_toolweaver.index.qdrant.options import Place  # noqa: PLC0415
        from mcp_toolweaver.index.stored import open_stored  # noqa: PLC0415

        async with open_qdrant(AsyncQdrantClient(":memory:"), Place("bench", dimension, _CATALOG)) as server:
            clock = count(step=1000.0).__next__  # what left is removed at the next change
            index = await open_stored(CountedEngine(server, writes), _CATALOG, dimension, clock=clock)
            yield IndexArm(index, tools, writes)
