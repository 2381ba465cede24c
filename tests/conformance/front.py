"""Toolweaver with streamable HTTP towards hosts, for the conformance suite: ``front.py PORT CONFIG``.

The tools behind it are listed as themselves, under their own names.
"""

from __future__ import annotations

import sys
from pathlib import Path

import anyio

from mcp_toolweaver.app import App, open_app
from mcp_toolweaver.config import load
from mcp_toolweaver.core.exchange import HOSTS
from mcp_toolweaver.server.exposure import Exposure
from mcp_toolweaver.server.gateway import Gateway
from tests.conformance.listening import serve_http


async def main(port: int, config: Path) -> None:
    """Serve what the configuration names."""
    async with open_app(load(config)) as app, anyio.create_task_group() as tasks:
        gateway = Gateway(
            app.catalog,
            app.asked,
            app.caller,
            exposure=Exposure("direct"),
            wait_searchable=app.warmup.wait_searchable,
            offers=app.catalog,
            is_open=True,
        )
        HOSTS.set(gateway.sessions)
        tasks.start_soon(gateway.run)
        tasks.start_soon(_work_behind, app, gateway)
        await serve_http(gateway.server, port)
        tasks.cancel_scope.cancel()


async def _work_behind(app: App, gateway: Gateway) -> None:
    """Open the servers for the first host."""
    await gateway.greeted.wait()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(app.catalog.run)
        tasks.start_soon(app.run_index)
        tasks.start_soon(app.warmup.run, gateway.catalog_changed, app.cached)


if __name__ == "__main__":
    anyio.run(main, int(sys.argv[1]), Path(sys.argv[2]))
