"""``toolweaver completion``: the script by which a shell completes our commands, options and names."""

from __future__ import annotations

import os
import sys
from pathlib import PurePath
from typing import Annotated, Literal, Optional, get_args

import typer

Shell = Literal["bash", "zsh", "fish", "powershell", "pwsh"]


def completion(
    context: typer.Context,
    shell: Annotated[
        Optional[Shell],  # noqa: UP045  typer reads it at run time
        typer.Argument(help="The shell; without it the one that you use."),
    ] = None,
) -> None:
    """Print the script by which a shell completes commands, options, servers, profiles, domains and hosts."""
    from typer.completion import show_callback  # noqa: PLC0415

    from mcp_toolweaver.cli.exit_codes import ExitCode  # noqa: PLC0415

    wanted = shell or usual_shell(os.environ.get("SHELL", ""), sys.platform)
    if wanted is None:
        sys.stderr.write(f"toolweaver: your shell is not known; name one of {', '.join(get_args(Shell))}\n")
        raise typer.Exit(ExitCode.WRONG_USAGE)
    context.find_root().info_name = "toolweaver"  # also where Python was told to run us
    show_callback(context, context.command.params[0], wanted)


def usual_shell(path: str, platform: str) -> str | None:
    """Return the shell that its owner uses, if it is one that can complete.

    Args:
        path: The program that the environment names.
        platform: As Python calls it.
    """
    name = PurePath(path).name
    if name in get_args(Shell):
        return name
    return "powershell" if platform == "win32" and not name else None
