"""Options that several commands have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

Config = Annotated[
    Optional[Path],  # noqa: UP045  typer reads the annotation at run time
    typer.Option("--config", "-c", help="mcpServers JSON of any host, VS Code's servers, or TOML."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
WordsOnly = Annotated[bool, typer.Option("--words-only", help="Search by words alone; loads no model.")]
Within = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option("--profile", metavar="NAME", help="Only this part of the catalog: a name of toolweaver.profiles."),
]
