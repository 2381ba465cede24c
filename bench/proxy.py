"""What a call costs through Toolweaver, and what sick servers, huge results and many hosts do to it.

    python -m bench.proxy [--only PART ...] [--soak] [--json FILE]

Parts: latency (beside a direct connection, over stdio and HTTP), crowd (200 calls at once over ten servers), cancel
(until the server notices), sick (one of ten servers hung or flooding), large (results of 10 and 50 MiB), many (a
hundred configured servers that are known), calls (what is held after many), hosts (that come and are killed).

Arms take turns within one run: compare within a table. FastMCP's proxy takes part where .venv/fastmcp has it
(`make bench-proxy` sees to that). Linux only.
"""

from __future__ import annotations

import argparse
import inspect
import json
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import cast

import anyio
from rich.console import Console

from bench.embed_figures import Tables, machine, show
from bench.proxy_calls import cancel, crowd, latency
from bench.proxy_faults import large, sick
from bench.proxy_lives import calls, hosts, many

PARTS: Mapping[str, Callable[[argparse.Namespace], Tables | Awaitable[Tables]]] = {
    "latency": latency,
    "crowd": crowd,
    "cancel": cancel,
    "sick": sick,
    "large": large,
    "many": many,
    "calls": calls,
    "hosts": hosts,
}


def main() -> None:
    """Measure and print."""
    options = _options()
    console = Console(width=180)
    figures: dict[str, object] = {"machine": machine()}
    for name in options.only:
        part = PARTS[name]
        console.print(f"{name}: {machine()}")
        tables = anyio.run(part, options) if inspect.iscoroutinefunction(part) else cast("Tables", part(options))
        figures[name] = tables
        for title, rows in tables.items():
            show(console, title, rows)
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS), metavar="PART")
    parser.add_argument("--calls", type=int, default=1_000, help="of a small result, by arm; a tenth of that of others")
    parser.add_argument("--rounds", type=int, default=10, help="of 200 calls")
    parser.add_argument("--cancels", type=int, default=50, help="by arm")
    parser.add_argument("--phases", type=int, default=10, help="in which a server is sick, by kind")
    parser.add_argument("--repeats", type=int, default=3, help="of large results")
    parser.add_argument("--starts", type=int, default=10, help="with one server and with a hundred")
    parser.add_argument("--soak", action="store_true", help="20,000 calls and 500 hosts, not 2,000 and 50")
    parser.add_argument("--sdk-50", action="store_true", help="50 MiB through the SDK's client too: over a minute")
    parser.add_argument("--json", type=Path, help="write the figures here")
    options = parser.parse_args()
    options.soak_calls, options.cycles = (20_000, 500) if options.soak else (2_000, 50)
    return options


if __name__ == "__main__":
    main()
