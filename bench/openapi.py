"""How long an OpenAPI document takes to become tools: ``python -m bench.openapi FILE...``."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from catalog_sources.openapi.building import build
from catalog_sources.openapi.options import OpenApiOptions

_TIMES = 3


def main(files: list[str]) -> None:
    """Print a line for each file: operations, and the best of a few times in seconds of the processor."""
    for file in files:
        content = Path(file).read_bytes()
        options = OpenApiOptions(path=Path(file), base_url="https://api.example.com", include_deprecated=True)
        seconds: list[float] = []
        tools = 0
        for _ in range(_TIMES):
            started = time.process_time()
            tools = len(build("bench", content, options, file).tools)
            seconds.append(time.process_time() - started)
        print(f"{file}: {len(content) / 1e6:.1f} MB, {tools} tools, {min(seconds):.2f} s")


if __name__ == "__main__":
    main(sys.argv[1:])
