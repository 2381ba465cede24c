"""Time and memory of large results of a child process: our transport, and the SDK's.

    python bench/child_frames.py [--sizes 1 10 50] [--sdk-up-to 10]

Each arm runs in a process of its own. Sizes in MiB of text; above 16 MiB ours answers with an error.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import time
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import anyio
from mcp.client.client import Client
from mcp.client.stdio import StdioServerParameters, stdio_client

from mcp_toolweaver.proxy.server_log import ServerLog
from mcp_toolweaver.proxy.stdio import Launch, child_process

MIB = 1024 * 1024
SERVER = Path(__file__).parents[1] / "tests" / "downstreams" / "wild_stdio.py"
ARGUMENTS = ["-I", "-S", str(SERVER)]


def transport(arm: str) -> AbstractAsyncContextManager[Any]:
    """Return the transport of an arm."""
    if arm == "sdk":
        return stdio_client(StdioServerParameters(command=sys.executable, args=ARGUMENTS))
    return child_process(Launch(sys.executable, ARGUMENTS), ServerLog("wild"))


async def measure(arm: str, size: int) -> None:
    """Print seconds, whether it came, and how the memory grew, in MiB; the best of three unless it takes long."""
    async with Client(transport(arm), mode="legacy", read_timeout_seconds=600) as client:
        await client.session.list_tools()
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        best, came = float("inf"), ""
        for _ in range(3):
            begun = time.perf_counter()
            try:
                await client.call_tool("large", {"size": size * MIB})
                came = "whole"
            except Exception as error:  # noqa: BLE001  it is what is measured
                came = type(error).__name__
            best = min(best, time.perf_counter() - begun)
            if best > 5:  # noqa: PLR2004
                break
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    print(f"{arm:4} {size:3} MiB  {best:8.3f} s  {came:8}  +{grown:.0f} MiB")


def main() -> None:
    """Run each arm at each size in a process of its own."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--sizes", type=int, nargs="+", default=[1, 10, 50])
    parser.add_argument("--sdk-up-to", type=int, default=10)
    parser.add_argument("--one", nargs=2)
    options = parser.parse_args()
    if options.one:
        anyio.run(measure, options.one[0], int(options.one[1]))
        return
    for size in options.sizes:
        for arm in ("ours", *(["sdk"] if size <= options.sdk_up_to else [])):
            subprocess.run([sys.executable, __file__, "--one", arm, str(size)], check=True)


if __name__ == "__main__":
    main()
