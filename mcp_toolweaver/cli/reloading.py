"""Taking over a configuration that has changed while we serve, without dropping anybody.

Servers that are as they were keep running, with their sessions and calls. What the settings say of parts that are
built once (models, index, cache, folders, limits of HTTP) counts from the next start, and a line in the log says so. A
file that is wrong changes nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from pathlib import Path

import anyio

from mcp_toolweaver.app import App
from mcp_toolweaver.cli.gateways import exposure_of
from mcp_toolweaver.cli.serving_work import Told
from mcp_toolweaver.config import Configuration, Settings, load
from mcp_toolweaver.resilience.supervision import keep_running
from mcp_toolweaver.server.gateway import Gateway
from mcp_toolweaver.telemetry.logs import configure

_log = logging.getLogger("mcp_toolweaver.reload")

_LOOKING = 1.0
"""Seconds between two looks at the file; a change counts once it has been the same twice, as it may be half-written."""
_LIVE = frozenset({"expose", "downstream", "profiles", "effects", "log_level"})
"""The settings that count at once."""

Stamp = tuple[int, int, int] | None


class Reloader:
    """Follows one configuration file."""

    def __init__(
        self,
        loaded: Configuration,
        apply: Callable[[Configuration], Awaitable[None]],
        tell: Callable[[tuple[str, ...]], None] = lambda _degraded: None,
    ) -> None:
        """Begin with what was loaded; ``apply`` is given each configuration that comes after it.

        ``tell`` is given a sentence for each thing in the file that does not count, whenever there are others.
        """
        self._started = loaded.settings
        self._tell = tell
        self._loaded = loaded
        self._apply = apply
        self._wanted = anyio.Event()

    def want(self) -> None:
        """Read the file again, whether it has changed or not."""
        self._wanted.set()

    async def run(self) -> None:
        """Take over every change, until cancelled."""
        if self._loaded.path is None:
            return
        seen, watches = _stamp(self._loaded.path), self._loaded.settings.serve.watch_config
        while True:
            with anyio.move_on_after(_LOOKING if watches else None):
                await self._wanted.wait()
            stamp = _stamp(self._loaded.path)
            if self._wanted.is_set() or (stamp != seen and stamp == await _later(self._loaded.path)):
                self._wanted, seen = anyio.Event(), stamp
                await self._reload(self._loaded.path)

    async def _reload(self, path: Path) -> None:
        changed = load(path)
        if new := [problem for problem in changed.problems if problem not in self._loaded.problems]:
            for problem in new:
                _log.error("%s", problem)
            _log.error("%s was not taken over; what was there before goes on", path)
            self._tell(tuple(f"configuration not taken over: {problem}" for problem in new))
            return
        before, self._loaded = self._loaded, changed
        await self._apply(changed)
        _log.info("%s was taken over: %d servers and other sources", path, len(changed.sources))
        if late := _late(before.settings, changed.settings):
            _log.warning("%s: counts from the next start on: %s", path, ", ".join(late))
        waiting = _late(self._started, changed.settings)
        self._tell((f"settings that count from the next start on: {', '.join(waiting)}",) if waiting else ())


def _late(before: Settings, after: Settings) -> list[str]:
    """Return which settings differ that only count from a start on."""
    names = type(after).model_fields
    return sorted({name for name in names if getattr(before, name) != getattr(after, name)} - _LIVE)


def _stamp(path: Path) -> Stamp:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


async def _later(path: Path) -> Stamp:
    await anyio.sleep(_LOOKING / 2)
    return _stamp(path)


async def keep_reloading(
    app: App, gateway: Gateway, loaded: Configuration, told: Told, *also: Callable[[Configuration], None]
) -> None:
    """Take over changes of the configuration, until cancelled; ``also`` are told of each first."""

    async def apply(changed: Configuration) -> None:
        configure(changed.settings.log_level)
        for each in also:
            each(changed)
        await app.reload(changed)
        gateway.renew_callers(changed.settings.named_profiles)
        await gateway.expose(exposure_of(changed.settings))

    def tell(degraded: tuple[str, ...]) -> None:
        told.degraded = degraded

    reloader = Reloader(loaded, apply, tell)
    told.on_reload = reloader.want
    await keep_running("following the configuration", reloader.run)
