"""The options of ``toolweaver import``, ``connect`` and ``disconnect``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from mcp_toolweaver.cli.completing import host_names
from mcp_toolweaver.cli.options import AsJson, Config

_HostName = Annotated[
    str,
    typer.Argument(metavar="HOST", help="claude-desktop, claude-code, cursor, vscode, ...", autocompletion=host_names),
]
_File = Annotated[Optional[Path], typer.Option("--file", help="This file of the host, not its own.")]  # noqa: UP045
_Project = Annotated[
    Optional[Path],  # noqa: UP045
    typer.Option(help="The file of the project in this folder, not the user's own."),
]
_Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
_DryRun = Annotated[bool, typer.Option("--dry-run", help="Only show what would be done.")]


def import_(
    *,
    sources: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option("--from", metavar="HOST|FILE", help="Only these; HOST=FILE for a file that is called otherwise."),
    ] = None,
    to: Annotated[Optional[Path], typer.Option(help="Our configuration, .toml or .json.")] = None,  # noqa: UP045
    project: Annotated[Path, typer.Option(help="The folder whose project files are read too.")] = Path(),
    dry_run: _DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Find the servers of all hosts on this machine and write them into one configuration; changes no host."""
    from mcp_toolweaver.cli import importing  # noqa: PLC0415

    wishes = importing.Wishes(sources or (), to, project, dry_run=dry_run)
    raise typer.Exit(importing.run(wishes, as_json=as_json))


def connect(
    host: _HostName,
    *,
    file: _File = None,
    project: _Project = None,
    config: Config = None,
    keep: Annotated[Optional[list[str]], typer.Option(help="A server that stays in the host.")] = None,  # noqa: UP045
    yes: _Yes = False,
    dry_run: _DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Put Toolweaver into a host in place of its servers, which are imported first; disconnect undoes it."""
    from mcp_toolweaver.cli import connecting  # noqa: PLC0415

    wishes = connecting.Wishes(host, file, config, keep or (), project, yes=yes, dry_run=dry_run, as_json=as_json)
    raise typer.Exit(connecting.connect(wishes))


def disconnect(
    host: _HostName,
    *,
    file: _File = None,
    project: _Project = None,
    config: Config = None,
    yes: _Yes = False,
    dry_run: _DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Put a host's servers back where Toolweaver was put in their place, byte for byte unless it was edited since."""
    from mcp_toolweaver.cli import connecting  # noqa: PLC0415

    wishes = connecting.Wishes(host, file, config, (), project, yes=yes, dry_run=dry_run, as_json=as_json)
    raise typer.Exit(connecting.disconnect(wishes))
