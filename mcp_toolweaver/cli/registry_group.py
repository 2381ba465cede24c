"""The options of ``toolweaver registry``, ``add`` and ``remove``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Optional

import typer

from mcp_toolweaver.cli.completing import server_names
from mcp_toolweaver.cli.options import AsJson, Config

registry = typer.Typer(
    help="The registry of MCP servers: find one, and see how it would be run. Nothing is run.", no_args_is_help=True
)

_Source = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option("--source", help="A registry's address, or a file or folder that was downloaded."),
]
_To = Annotated[Optional[Path], typer.Option("--to", help="Our configuration, .toml or .json.")]  # noqa: UP045
_Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
_DryRun = Annotated[bool, typer.Option("--dry-run", help="Only show what would be done.")]


@registry.command(name="search")
def registry_search(
    words: Annotated[str, typer.Argument(help="What the server is about.")],
    *,
    source: _Source = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=100, help="How many to show.")] = 10,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Find servers: how each could be run, and which secrets it needs."""
    from mcp_toolweaver.cli import registry_commands  # noqa: PLC0415

    raise typer.Exit(registry_commands.search(config, words, source, limit, as_json=as_json))


@registry.command(name="show")
def registry_show(
    name: Annotated[str, typer.Argument(help="The server, as the registry calls it.")],
    *,
    source: _Source = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Show one server, and the very command of each way to run it."""
    from mcp_toolweaver.cli import registry_commands  # noqa: PLC0415

    raise typer.Exit(registry_commands.show(config, name, source, as_json=as_json))


def add(
    name: Annotated[str, typer.Argument(help="The server, as the registry calls it.")],
    *,
    alias: Annotated[Optional[str], typer.Option("--as", help="What to call it here.")] = None,  # noqa: UP045
    package: Annotated[
        Optional[Literal["npm", "pypi", "oci", "remote"]],  # noqa: UP045
        typer.Option(help="Which way to run it."),
    ] = None,
    env: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option(metavar="NAME=VALUE", help="Write this down; without it, variables are looked up at the start."),
    ] = None,
    source: _Source = None,
    to: _To = None,
    allow_risky: Annotated[bool, typer.Option("--allow-risky", help="Take over what an owner may not want.")] = False,
    yes: _Yes = False,
    dry_run: _DryRun = False,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Turn an entry of the registry into configuration: shows the very command, asks, and runs nothing."""
    from mcp_toolweaver.cli import adding  # noqa: PLC0415

    wishes = adding.Wishes(
        name, to or config, alias, package, source, env or (), allow_risky, yes, dry_run, as_json=as_json
    )
    raise typer.Exit(adding.add(config, wishes))


def remove(
    name: Annotated[str, typer.Argument(help="The server, as it is called here.", autocompletion=server_names)],
    *,
    to: _To = None,
    yes: _Yes = False,
    dry_run: _DryRun = False,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Take a server out of the configuration; what else is in the file stays as it is written."""
    from mcp_toolweaver.cli import adding  # noqa: PLC0415

    raise typer.Exit(adding.remove(adding.Wishes(name, to or config, yes=yes, dry_run=dry_run, as_json=as_json)))
