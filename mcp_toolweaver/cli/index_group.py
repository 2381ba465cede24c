"""The commands about the index; what a command needs is imported when it runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mcp_toolweaver.cli.options import AsJson, Config

index = typer.Typer(
    help="The index of the tools: how it is doing, build it anew, move its vectors.", no_args_is_help=True
)


@index.command(name="status")
def index_status(*, config: Config = None, as_json: AsJson = False) -> None:
    """Show what the index holds, where, and whether it is in step with the catalog."""
    from mcp_toolweaver.cli import index_status  # noqa: PLC0415

    raise typer.Exit(index_status.show(config, as_json=as_json))


@index.command(name="rebuild")
def index_rebuild(
    *,
    config: Config = None,
    embed: Annotated[bool, typer.Option("--embed", help="Embed every tool again, and use no kept vector.")] = False,
    as_json: AsJson = False,
) -> None:
    """Remove the tools of this catalog from the index and build it anew, from the vectors that are kept."""
    from mcp_toolweaver.cli import index_status  # noqa: PLC0415

    raise typer.Exit(index_status.rebuild(config, embed=embed, as_json=as_json))


@index.command(name="export")
def index_export(
    file: Annotated[Path, typer.Argument(help="The file to write.")],
    *,
    config: Config = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the file if there is one.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write the vectors of all tools to a file, for another engine or machine; embeds nothing."""
    from mcp_toolweaver.cli import index_moving  # noqa: PLC0415

    raise typer.Exit(index_moving.run_export(config, file, force=force, as_json=as_json))


@index.command(name="import")
def index_import(
    file: Annotated[Path, typer.Argument(help="A file that `toolweaver index export` wrote.")],
    *,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Take the vectors from a file, so that no tool is embedded that it holds, and bring the index in step."""
    from mcp_toolweaver.cli import index_moving  # noqa: PLC0415

    raise typer.Exit(index_moving.run_import(config, file, as_json=as_json))
