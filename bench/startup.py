"""From process start to the handshake, beside a bare server of the same SDK, and what is imported.

    python bench/startup.py [--config FILE] [--runs N] [--json FILE]

Each run starts a new process, writes ``initialize`` to its stdin and waits for the answer.
The two arms alternate, so that a change of the machine's speed meets both.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-11-25",
        "capabilities": {},
        "clientInfo": {"name": "bench", "version": "0"},
    },
}

BARE = """
import anyio
from mcp.server.lowlevel.server import Server
from mcp.server.stdio import stdio_server

async def main():
    server = Server("bare")
    async with stdio_server() as (read, write):
        await server.run(read, write, server.create_initialization_options())

anyio.run(main)
"""


def main() -> None:
    """Time the arms, profile the imports, print and keep the result."""
    options = _options()
    serve = [sys.executable, "-m", "mcp_toolweaver", "serve", "--config", str(options.config)]
    arms = {"toolweaver serve": serve, "bare SDK server": [sys.executable, "-c", BARE]}
    _to_handshake(serve)  # fills the catalog cache, as any first start does
    seconds: dict[str, list[float]] = {name: [] for name in arms}
    for _run in range(options.runs):
        for name, command in arms.items():
            seconds[name].append(_to_handshake(command))
    ratios = [ours / bare for ours, bare in zip(*seconds.values(), strict=True)]
    result = {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        "config": options.config.name,
        "runs": options.runs,
        "seconds_to_handshake": {name: _spread(values) for name, values in seconds.items()},
        "ratio": _spread(ratios),
        "imported_before_serving_ms": _imports(),
    }
    print(json.dumps(result, indent=2))
    if options.json:
        options.json.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", type=Path, help="a configuration; the default has one server and the demo catalog")
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--json", type=Path, help="write the result here too")
    options = parser.parse_args()
    options.config = options.config or _default_config()
    return options


def _default_config() -> Path:
    catalog = Path(__file__).parents[1] / "mcp_toolweaver" / "demo" / "catalog"
    config = Path(tempfile.mkdtemp()) / "bench.json"
    config.write_text(
        json.dumps(
            {
                "mcpServers": {"time": {"command": sys.executable, "args": ["-m", "mcp_server_time"]}},
                "sources": [{"kind": "json_file", "name": "company", "path": str(catalog)}],
            }
        ),
        encoding="utf-8",
    )
    return config


def _to_handshake(command: list[str]) -> float:
    started = time.perf_counter()
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(INITIALIZE).encode() + b"\n")
        process.stdin.flush()
        answer = json.loads(process.stdout.readline())
        seconds = time.perf_counter() - started
        assert answer["result"]["serverInfo"]["name"]
        process.stdin.close()
        process.wait(timeout=30)
    return seconds


def _spread(values: list[float]) -> dict[str, float]:
    return {
        "min": round(min(values), 3),
        "median": round(statistics.median(values), 3),
        "max": round(max(values), 3),
    }


def _imports() -> dict[str, Any]:
    """Return the cumulated milliseconds of the packages imported until the gateway is there, the largest first."""
    code = "import mcp_toolweaver.cli.main, mcp_toolweaver.cli.serving, mcp_toolweaver.app, mcp_toolweaver.server.stdio"
    done = subprocess.run([sys.executable, "-X", "importtime", "-c", code], capture_output=True, text=True, check=True)
    own: dict[str, float] = {}
    for line in done.stderr.splitlines():
        match = re.match(r"import time:\s*(\d+) \|\s*\d+ \|\s*(\S+)", line)
        if match:
            package = match[2].split(".")[0]
            own[package] = own.get(package, 0.0) + int(match[1]) / 1000
    largest = sorted(own.items(), key=lambda item: -item[1])[:15]
    return {"total": round(sum(own.values())), **{name: round(value, 1) for name, value in largest}}


if __name__ == "__main__":
    main()
