"""Brings the index in step with the catalog, with a progress bar."""

from __future__ import annotations

import math

import anyio

from mcp_toolweaver.app import App
from mcp_toolweaver.cli.running import progress_bar, tell_loading


async def bring_in_step(app: App) -> None:
    """Index the catalog as it is now; what has a vector anywhere is not embedded again. The store is free after."""
    with progress_bar() as progress:
        step = progress.add_task("indexing", total=None)

        def on_progress(done: int, total: int) -> None:
            progress.update(step, description="indexing", completed=done, total=total)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(app.run_index)
            tasks.start_soon(tell_loading, app.warmup.timeline, progress, step)
            await app.warmup.once(on_progress, opening=math.inf)
            tasks.cancel_scope.cancel()
