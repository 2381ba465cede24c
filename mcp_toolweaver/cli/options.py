"""Options that several commands have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from mcp_toolweaver.cli.completing import domain_names, kinds, profile_names, server_names

Config = Annotated[
    Optional[Path],  # noqa: UP045  typer reads the annotation at run time
    typer.Option("--config", "-c", help="mcpServers JSON of any host, VS Code's servers, or TOML."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
WordsOnly = Annotated[bool, typer.Option("--words-only", help="Search by words alone; loads no model.")]
Within = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option(
        "--profile",
        metavar="NAME",
        help="Only this part of the catalog: a name of toolweaver.profiles.",
        autocompletion=profile_names,
    ),
]
Domain = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option("--domain", help="Only tools of this domain or server.", autocompletion=domain_names),
]
Kind = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option("--kind", help="Only mcp_worker, function, code_exec or http.", autocompletion=kinds),
]
Server = Annotated[
    str, typer.Argument(help="The server, as it is called in the configuration.", autocompletion=server_names)
]
AnyServer = Annotated[
    Optional[str],  # noqa: UP045
    typer.Argument(help="List the tools of this server.", autocompletion=server_names),
]
