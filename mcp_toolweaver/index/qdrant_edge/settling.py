"""What takes seconds, done by a process of its own: ``python -m mcp_toolweaver.index.qdrant_edge.settling SHARD``."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from pathlib import Path
from subprocess import DEVNULL, PIPE

import anyio
import qdrant_edge as qe

from mcp_toolweaver.core.errors import Unavailable
from mcp_toolweaver.index.qdrant_edge.failures import translated
from mcp_toolweaver.index.qdrant_edge.folder import PART

_PR_SET_PDEATHSIG = 1


async def settle_elsewhere(shard: Path) -> None:
    """Let a child process put a shard in order that nobody has open.

    Raises:
        Unavailable: it failed.
    """
    command = [sys.executable, "-P", "-m", __name__, str(shard)]  # nothing from the current folder
    with translated("starting a process"):
        done = await anyio.run_process(command, stdin=DEVNULL, stdout=DEVNULL, stderr=PIPE, check=False)
    if done.returncode:
        last = done.stderr.decode(errors="replace").strip().rpartition("\n")[2]
        raise Unavailable(PART, f"putting {shard} in order failed ({last or done.returncode})")


def settle(path: str) -> None:
    """Build the graph of a shard and merge its segments."""
    if hasattr(os, "nice"):
        os.nice(10)
    if sys.platform == "linux":
        _end_with_parent()
    shard = qe.EdgeShard.load(path)
    shard.optimize()
    shard.flush()
    shard.close()


def _end_with_parent() -> None:
    """Ask the kernel to end this process when the one that started it is killed."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() == 1:  # it ended before
        sys.exit(1)


if __name__ == "__main__":
    settle(sys.argv[1])
