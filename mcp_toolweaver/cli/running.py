"""For commands that do one thing and end: everything started, with a progress bar on a terminal."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace

import anyio
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from mcp_toolweaver.app import App, open_app
from mcp_toolweaver.catalog.catalog import Catalog
from mcp_toolweaver.cli.printing import err
from mcp_toolweaver.config import Configuration
from mcp_toolweaver.core.errors import ToolweaverError
from mcp_toolweaver.core.status import SourceState
from mcp_toolweaver.telemetry.timeline import State, Step, Timeline


@asynccontextmanager
async def running(
    loaded: Configuration, *, settle: bool = True, index: bool = True, meaning: bool = True
) -> AsyncGenerator[App]:
    """Open what is not known, wait until each server is known, ready or has failed, and index the catalog.

    Args:
        loaded: The configuration.
        settle: Whether to wait for the servers.
        index: Whether tools are to be searched.
        meaning: Whether they are to be searched by meaning too.

    Raises:
        ToolweaverError: what the body raised.
    """
    failure: ToolweaverError | None = None
    async with open_app(loaded if meaning else by_words_alone(loaded)) as app, anyio.create_task_group() as tasks:
        tasks.start_soon(app.catalog.run)
        tasks.start_soon(app.run_caches)
        if index:
            tasks.start_soon(app.run_index)
        with progress_bar() as progress:
            if settle:
                await _connect(app.catalog, progress)
            if index:
                await _index(app, progress, meaning=meaning)
        try:
            yield app
        except ToolweaverError as error:  # the task group would wrap it
            failure = error
        tasks.cancel_scope.cancel()
    if failure is not None:
        raise failure


def by_words_alone(loaded: Configuration) -> Configuration:
    """Return the configuration with search by meaning turned off."""
    embedding = loaded.settings.embedding.model_copy(update={"enabled": False})
    return replace(loaded, settings=loaded.settings.model_copy(update={"embedding": embedding}))


def eagerly(loaded: Configuration) -> Configuration:
    """Return the configuration with every server opened at once, known or not."""
    sources = tuple(replace(source, own={**source.own, "start": "eager"}) for source in loaded.sources)
    return replace(loaded, sources=sources)


async def _connect(catalog: Catalog, progress: Progress) -> None:
    total = len(catalog.statuses)
    step = progress.add_task("connecting to servers", total=total)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_count_settled, catalog, progress, step)
        await catalog.wait_settled()
        tasks.cancel_scope.cancel()
    progress.update(step, completed=total)


async def _count_settled(catalog: Catalog, progress: Progress, step: TaskID) -> None:
    while True:
        done = sum(status.state is not SourceState.CONNECTING for status in catalog.statuses)
        progress.update(step, completed=done)
        await anyio.sleep(0.1)


async def _index(app: App, progress: Progress, *, meaning: bool) -> None:
    step = progress.add_task("loading the model" if meaning else "indexing", total=None)

    def on_progress(done: int, total: int) -> None:
        progress.update(step, description="embedding tools", completed=done, total=total)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(tell_loading, app.warmup.timeline, progress, step)
        await app.warmup.once(on_progress)
        tasks.cancel_scope.cancel()


async def tell_loading(timeline: Timeline, progress: Progress, step: TaskID) -> None:
    """Show what the model waits for, such as its download."""
    while True:
        seen = timeline.version
        for moment in timeline.moments:
            if moment.step is Step.MODEL and moment.state is State.WAITS and moment.reason:
                progress.update(step, description=moment.reason)
        await timeline.wait_changed(seen)


def progress_bar() -> Progress:
    """Return a progress bar on stderr, which shows on a terminal only."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    return Progress(*columns, console=err, disable=not err.is_terminal)
