"""``toolweaver cache stats`` and ``toolweaver cache clear``."""

from __future__ import annotations

import sys
from collections.abc import Collection
from dataclasses import asdict
from pathlib import Path
from typing import Any

import anyio

from mcp_toolweaver.cache_admin import CacheReport, Layer, TierReport, clear, report
from mcp_toolweaver.cli.cache_printing import print_cleared, print_report
from mcp_toolweaver.cli.configuring import configuration, is_usable
from mcp_toolweaver.cli.printing import print_json
from mcp_toolweaver.cli.status_reporting import folder_of
from mcp_toolweaver.config import Configuration
from mcp_toolweaver.core.caching import CacheTier
from mcp_toolweaver.telemetry.report import CacheState
from mcp_toolweaver.telemetry.status_files import reports


def run_stats(config: Path | None, *, as_json: bool) -> int:
    """Print what the cache holds and how often it helped; return the exit status (1: a layer is away)."""
    loaded = configuration(config, log_level="error")
    if not is_usable(loaded):
        return 2
    found = anyio.run(report, loaded.settings)
    processes = _processes(loaded)
    if as_json:
        print_json(_as_json(found, processes))
    else:
        print_report(found, processes)
    return _status(found.layers)


def run_clear(config: Path | None, tiers: Collection[CacheTier], *, questions: bool, as_json: bool) -> int:
    """Remove values and print how many there were; return the exit status (1: a layer is away, and keeps its own)."""
    loaded = configuration(config, log_level="error")
    if not is_usable(loaded):
        return 2
    layers = anyio.run(_cleared, loaded, tiers, questions)
    if as_json:
        print_json(
            {"removed": {layer.name: {kind: tally.entries for kind, tally in layer.tiers.items()} for layer in layers}}
        )
    else:
        print_cleared(layers, len(_processes(loaded)))
    return _status(layers)


async def _cleared(loaded: Configuration, tiers: Collection[CacheTier], questions: bool) -> tuple[Layer, ...]:  # noqa: FBT001  anyio.run passes by position
    return await clear(loaded.settings, tiers, questions=questions)


def _processes(loaded: Configuration) -> list[tuple[int, CacheState]]:
    return [(each.pid, each.cache) for each in reports(folder_of(loaded.settings))]


def _status(layers: Collection[Layer]) -> int:
    for layer in layers:
        if layer.away:
            sys.stderr.write(f"toolweaver: {layer.name}: {layer.away}\n")
    return 1 if any(layer.away for layer in layers) else 0


def _as_json(found: CacheReport, processes: Collection[tuple[int, CacheState]]) -> dict[str, Any]:
    return {
        "tiers": {name: _tier(tier) for name, tier in found.tiers.items()},
        "layers": [asdict(layer) for layer in found.layers],
        "processes": [{"pid": pid, **asdict(state)} for pid, state in processes],
    }


def _tier(tier: TierReport) -> dict[str, Any]:
    return {**asdict(tier), "hit_rate": tier.hit_rate}
