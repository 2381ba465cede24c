"""How a process that serves tells others how it is doing."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path

import anyio

from mcp_toolweaver.app import App
from mcp_toolweaver.caches import Caches
from mcp_toolweaver.config import Configuration, Settings
from mcp_toolweaver.core.status import SourceState
from mcp_toolweaver.core.threads import run_in_thread
from mcp_toolweaver.telemetry.report import CacheState, Report
from mcp_toolweaver.telemetry.status_files import StatusFile
from mcp_toolweaver.telemetry.timeline import State, told

_PAUSE = 1.0
"""Seconds between two reports, at least."""
_AGAIN = 10.0
"""Seconds between two reports, at most: what the cache holds changes without a step."""
_MOST_NAMES = 10


def folder_of(settings: Settings) -> Path:
    """Return the folder of the reports."""
    return settings.data_dir / "run"


async def keep_reporting(app: App, loaded: Configuration, more: Callable[[], tuple[str, ...]] = tuple) -> None:
    """Keep a file that says how this process is doing, until cancelled; ``more`` says what else is not as it should."""
    file, timeline = StatusFile(folder_of(loaded.settings)), app.warmup.timeline
    since = datetime.now(UTC) - timedelta(seconds=timeline.seconds)
    try:
        while True:
            seen = timeline.version
            report = await _report(app, loaded, since.isoformat(timespec="seconds"))
            report = replace(report, degraded=(*report.degraded, *more()))
            stands = await run_in_thread(file.write, report)
            await anyio.sleep(_PAUSE)
            if stands:  # else somebody read the old one just now
                with anyio.move_on_after(_AGAIN):
                    await timeline.wait_changed(seen)
    finally:
        file.close()


async def _report(app: App, loaded: Configuration, since: str) -> Report:
    timeline, tools = app.warmup.timeline, len(app.catalog.snapshot)
    is_by_meaning = loaded.settings.embedding.enabled
    bare = await app.warmup.unembedded() if is_by_meaning else tools
    return Report(
        pid=os.getpid(),
        since=since,
        version=version("mcp-toolweaver"),
        configuration=str(loaded.path.absolute()) if loaded.path else "",
        is_ready=timeline.is_settled,
        steps=timeline.moments,
        tools=tools,
        embedded=max(tools - bare, 0),
        engine=loaded.settings.index.chosen if is_by_meaning else "memory",
        cache=_cache(app.caches),
        degraded=tuple(_degraded(app)),
    )


def _cache(caches: Caches) -> CacheState:
    redis = caches.redis
    reason = "" if redis is None else f"{redis.state}: {redis.reason}" if redis.reason else str(redis.state)
    return CacheState(len(caches.memory), caches.memory.size, reason)


def _degraded(app: App) -> Iterator[str]:
    for moment in app.warmup.timeline.moments:
        if moment.state is State.FAILED:
            yield told(moment)
    redis = app.caches.redis
    if redis is not None and redis.reason:
        yield f"cache: {redis.reason}; a file of this machine is the cache until then"
    away = [status.name for status in app.catalog.statuses if status.state is SourceState.FAILED]
    if away:
        more = f" and {len(away) - _MOST_NAMES} more" if len(away) > _MOST_NAMES else ""
        yield f"servers not available: {', '.join(away[:_MOST_NAMES])}{more}; `toolweaver list` says why"
