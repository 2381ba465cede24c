"""How long many sources take to be opened, beside the slowest of them alone, and with some that hang or fail.

    python -m bench.sources [--sources 100] [--slowest 5] [--runs 3]

Each source is a child process that answers after some seconds. Arms are run in turn; ratios are those of one run.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

_SERVER = Path(__file__).with_name("sources_server.py")
_HANGS = 3600
_QUICKEST = 0.2


def main() -> None:
    """Print the seconds of each arm, and how many times the slowest source they are."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sources", type=int, default=100)
    parser.add_argument("--slowest", type=float, default=5.0, help="seconds until the slowest source answers")
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    arms = {
        "the slowest alone": {"slow": _answering(options.slowest)},
        f"{options.sources} of them": _many(options.sources, options.slowest),
        f"{options.sources}, of which 5 fail": _many(options.sources - 5, options.slowest) | _failing(5),
    }
    took: dict[str, list[float]] = {name: [] for name in arms}
    for _ in range(options.runs):
        for name, servers in arms.items():
            took[name].append(_measured(servers, hanging=0))
    first = statistics.median(took["the slowest alone"])
    for name, seconds in took.items():
        median = statistics.median(seconds)
        print(f"{name:<32} {median:6.2f} s   {median / first:5.2f} x the slowest alone   runs {_told(seconds)}")
    hung = _many(options.sources - 5, options.slowest) | {f"hangs{at}": _answering(_HANGS) for at in range(5)}
    print(
        f"{f'{options.sources}, of which 5 hang':<32} {_measured(hung, hanging=5):6.2f} s   until all others are there"
    )


def _many(count: int, slowest: float) -> dict[str, Any]:
    step = (slowest / 2 - _QUICKEST) / count
    quick = {f"s{at}": _answering(_QUICKEST + at * step) for at in range(count - 1)}
    return quick | {"slow": _answering(slowest)}


def _answering(seconds: float) -> dict[str, Any]:
    return {"command": sys.executable, "args": ["-S", "-E", str(_SERVER), f"{seconds:.2f}"]}


def _failing(count: int) -> dict[str, Any]:
    return {f"fails{at}": {"command": sys.executable, "args": ["-c", "raise SystemExit(1)"]} for at in range(count)}


def _measured(servers: dict[str, Any], *, hanging: int) -> float:
    """Return the seconds until the last source was ready, by what `toolweaver list --timing` says of each."""
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "mcp.json"
        settings = {"embedding": {"enabled": False}, "downstream": {"connect_timeout": 30 if hanging else 120}}
        config.write_text(json.dumps({"mcpServers": servers, "toolweaver": settings}), encoding="utf-8")
        env = {**os.environ, "HOME": folder, "XDG_DATA_HOME": folder, "XDG_CACHE_HOME": folder}
        command = [sys.executable, "-m", "mcp_toolweaver", "list", "--timing", "--json", "--config", str(config)]
        done = subprocess.run(command, capture_output=True, text=True, env=env, check=False)
        found = json.loads(done.stdout)["servers"]
    ready = [server["timing"] for server in found if server["state"] == "ready"]
    return max(sum(map(float, timing.values())) for timing in ready)


def _told(seconds: list[float]) -> str:
    return ", ".join(f"{each:.2f}" for each in seconds)


if __name__ == "__main__":
    main()
