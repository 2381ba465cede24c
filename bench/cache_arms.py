"""Whole Toolweavers with and without a cache, open side by side over the same tools."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench.index_tools import workload
from mcp_toolweaver.app import App
from mcp_toolweaver.cli.running import running
from mcp_toolweaver.config import Configuration, load
from mcp_toolweaver.demo import CATALOG, QUERIES

NONE = "no cache"
MEMORY = "memory (L1)"
REDIS = "Redis (L2)"
FILE = "file (L3)"

_NOTHING_IN_MEMORY: Mapping[str, Any] = {"memory_entries": 0}
_NOTHING: Mapping[str, Any] = {"lifetimes": {"search": 0, "embeddings": 0}, **_NOTHING_IN_MEMORY}


def settings_of(arm: str, redis: str) -> dict[str, Any]:
    """Return the settings of the cache in an arm; that of a layer has no layer above it."""
    arms: Mapping[str, Mapping[str, Any]] = {
        NONE: _NOTHING,
        MEMORY: {},
        REDIS: {"redis": {"url": redis}, "secret": "that of all replicas", **_NOTHING_IN_MEMORY},
        FILE: _NOTHING_IN_MEMORY,
    }
    return dict(arms[arm])


def write_catalog(folder: Path, tools: int) -> Path:
    """Write a catalog of so many tools; return its path."""
    lines = [
        {**tool.definition, "server": tool.id.server, "domain": tool.domain}
        for tool in workload(CATALOG, QUERIES, tools).snapshot.tools.values()
    ]
    catalog = folder / "tools.jsonl"
    catalog.write_text("".join(f"{json.dumps(line)}\n" for line in lines), encoding="utf-8")
    return catalog


def configured(folder: Path, catalog: Path, cache: Mapping[str, Any]) -> Configuration:
    """Return a configuration whose folders lie in ``folder``, which is made."""
    folder.mkdir(parents=True, exist_ok=True)
    ours = {"data_dir": str(folder / "data"), "cache_dir": str(folder / "cache"), "cache": cache}
    file = folder / "mcp.json"
    source = {"kind": "json_file", "name": "company", "path": str(catalog)}
    file.write_text(json.dumps({"sources": [source], "toolweaver": ours}), encoding="utf-8")
    loaded = load(file)
    if loaded.problems:
        raise SystemExit("\n".join(map(str, loaded.problems)))
    return loaded


@asynccontextmanager
async def opened(folder: Path, catalog: Path, cache: Mapping[str, Any], models: Path) -> AsyncGenerator[App]:
    """Open one with everything embedded, and keep it open."""
    loaded = configured(folder, catalog, cache)
    settings = loaded.settings.model_copy(update={"models_dir": models})
    async with running(replace(loaded, settings=settings)) as app:
        if app.caches.redis is not None:
            await app.caches.redis.wait_tried()
        yield app
