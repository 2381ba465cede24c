"""What takes seconds, done by a process of its own: ``python -m mcp_toolweaver.index.qdrant_edge.settling SHARD``."""

from __future__ import annotations

import sys
from pathlib import Path

import qdrant_edge as qe

from mcp_toolweaver.core.children import ChildFailed, be_a_child, run_module
from mcp_toolweaver.core.errors import Unavailable
from mcp_toolweaver.index.qdrant_edge.failures import translated
from mcp_toolweaver.index.qdrant_edge.folder import PART


async def settle_elsewhere(shard: Path) -> None:
    """Let a child process put a shard in order that nobody has open.

    Raises:
        Unavailable: it failed.
    """
    with translated("starting a process"):
        try:
            await run_module(__name__, str(shard))
        except ChildFailed as failed:
            raise Unavailable(PART, f"putting {shard} in order failed ({failed})") from failed


def settle(path: str) -> None:
    """Build the graph of a shard and merge its segments."""
    shard = qe.EdgeShard.load(path)
    shard.optimize()
    shard.flush()
    shard.close()


if __name__ == "__main__":
    be_a_child()
    settle(sys.argv[1])
