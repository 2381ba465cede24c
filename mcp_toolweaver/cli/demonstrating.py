"""``toolweaver demo``: the main job on real servers, seen from a host's side."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import anyio
from mcp.client.client import Client

from mcp_toolweaver.app import App
from mcp_toolweaver.cli.import_printing import print_import
from mcp_toolweaver.cli.importing import Wishes, plan
from mcp_toolweaver.cli.printing import out, print_reply, print_result, print_statuses
from mcp_toolweaver.cli.running import running
from mcp_toolweaver.config import Configuration, load
from mcp_toolweaver.demo import CATALOG, HOME
from mcp_toolweaver.host_files.hosts import Machine
from mcp_toolweaver.server.exposure import Exposure
from mcp_toolweaver.server.gateway import Gateway
from mcp_toolweaver.telemetry.logs import configure

_SEARCHES = (
    "what time is it in Tokyo right now",
    "which files did the last commit touch",
    "post a message to the team that the deployment is done",
    "the site is down, wake up whoever is on duty",
    "make a bar chart of sales per region",
)
_CALL = ("time__get_current_time", {"timezone": "Asia/Tokyo"})


def run(*, words_only: bool) -> int:
    """Run the demo; return the exit status."""
    configure("error")
    if find_spec("mcp_server_time") is None or find_spec("mcp_server_git") is None:
        sys.stderr.write("toolweaver: the demo's servers are missing; get them: pip install 'mcp-toolweaver[demo]'\n")
        return 1
    with TemporaryDirectory(prefix="toolweaver-demo-") as folder:
        out.print(
            "[bold]0. toolweaver import:[/] the servers of eleven hosts in an invented home, as one configuration\n"
        )
        machine = Machine(HOME, {}, HOME / "project", "linux")
        imported = plan(Wishes(to=Path(folder) / "toolweaver.toml", project=machine.project), machine)
        print_import(imported, (), is_dry=True)
        config = _write_config(Path(folder))
        out.print("\n[bold]1. A host's configuration:[/] two real servers, and a file that describes 400 more tools\n")
        out.print_json(config.read_text(encoding="utf-8"))
        return anyio.run(_demonstrate, load(config), not words_only)


def _write_config(folder: Path) -> Path:
    """Make a small git repository for the git server, and the configuration that names it."""
    repository = folder / "repository"
    _make_repository(repository)
    git = ["-m", "mcp_server_git", "--repository", str(repository)]
    servers = {
        "time": {"command": sys.executable, "args": ["-m", "mcp_server_time"]},
        "git": {"command": sys.executable, "args": git},
    }
    sources = [{"kind": "json_file", "name": "company", "path": str(CATALOG)}]
    config = folder / "mcp.json"
    config.write_text(json.dumps({"mcpServers": servers, "sources": sources}, indent=2), encoding="utf-8")
    return config


def _make_repository(folder: Path) -> None:
    folder.mkdir()
    (folder / "README.md").write_text("A scratch repository of the Toolweaver demo.\n", encoding="utf-8")
    author = ["-c", "user.name=Toolweaver", "-c", "user.email=demo@example.invalid"]
    for arguments in (["init", "--quiet"], ["add", "."], [*author, "commit", "--quiet", "-m", "Start"]):
        subprocess.run(["git", "-C", str(folder), *arguments], check=True)  # noqa: S603, S607  the user's own git


async def _demonstrate(loaded: Configuration, meaning: bool) -> int:  # noqa: FBT001  anyio.run passes by position
    out.print("\n[bold]2. Starting the servers, indexing their tools[/]\n")
    status = 1
    async with running(loaded, meaning=meaning) as app, anyio.create_task_group() as tasks:
        print_statuses(app.catalog.statuses, len(app.catalog.snapshot))
        gateway = _gateway(app)
        tasks.start_soon(gateway.run)
        async with Client(gateway.server) as host:
            definitions = [tool.definition for tool in app.catalog.snapshot.tools.values()]
            status = await _as_a_host(host, len(json.dumps(definitions)))
        tasks.cancel_scope.cancel()
    return status


def _gateway(app: App) -> Gateway:
    async def ready() -> None:
        """Nothing to wait for: everything was started before."""

    return Gateway(app.catalog, app.searcher, app.caller, exposure=Exposure(direct_threshold=0), wait_searchable=ready)


async def _as_a_host(host: Client, whole: int) -> int:
    tools = (await host.list_tools()).tools
    size = len(json.dumps([tool.model_dump(by_alias=True, mode="json", exclude_none=True) for tool in tools]))
    names = ", ".join(tool.name for tool in tools)
    out.print(
        f"\n[bold]3. What the model sees, over MCP:[/] {names}, {size:,} characters of JSON instead of {whole:,}."
    )
    out.print("It searches:\n")
    for query in _SEARCHES:
        found = await host.call_tool("search_tools", {"query": query, "limit": 3})
        print_reply(query, _object(found.structured_content))
    name, arguments = _CALL
    out.print(f"\n[bold]4. It calls what it found:[/] call_tool {name} {json.dumps(arguments)}\n")
    result = await host.call_tool("call_tool", {"name": name, "arguments": arguments})
    print_result(result.model_dump(mode="json"))
    out.print(
        "\nNext: toolweaver import --dry-run shows what your own hosts have; toolweaver connect HOST puts us into one."
    )
    return 1 if result.is_error else 0


def _object(content: Any) -> dict[str, Any]:
    return dict(content or {})
