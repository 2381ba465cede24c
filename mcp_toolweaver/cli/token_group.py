"""The commands about tokens; what a command needs is imported when it runs."""

from __future__ import annotations

from typing import Annotated, Optional

import typer

from mcp_toolweaver.cli.completing import domain_names, profile_names, server_names
from mcp_toolweaver.cli.options import AsJson, Config

token = typer.Typer(
    help="The tokens that let callers in over HTTP: make one, see who has one, take one back.", no_args_is_help=True
)

_Patterns = Optional[list[str]]  # noqa: UP045  typer reads it at run time


@token.command(name="add")
def token_add(
    name: Annotated[str, typer.Argument(help="What to call it: letters, digits, dots, dashes and underscores.")],
    *,
    expires: Annotated[
        str, typer.Option(help="Until when it is good: 12h, 30d, 8w, 2027-01-31 (its end, in UTC), or never.")
    ] = "90d",
    profile: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(help="A profile of the configuration that limits it, too.", autocompletion=profile_names),
    ] = None,
    server: Annotated[
        _Patterns,
        typer.Option(help="Good for the tools of such servers; may be repeated.", autocompletion=server_names),
    ] = None,
    domain: Annotated[
        _Patterns,
        typer.Option(help="Good for the tools of such domains; may be repeated.", autocompletion=domain_names),
    ] = None,
    tool: Annotated[
        _Patterns, typer.Option(help="Good for such tools, as hosts call them or server::tool; may be repeated.")
    ] = None,
    read_only: Annotated[bool, typer.Option("--read-only", help="Good only for calls that change nothing.")] = False,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Make a token and print it, this once, alone on stdout; in patterns * is anything, and one that fits is enough."""
    from mcp_toolweaver.cli import token_commands  # noqa: PLC0415

    wishes = token_commands.Wishes(
        name=name,
        expires=expires,
        profile=profile or "",
        servers=tuple(server or ()),
        domains=tuple(domain or ()),
        tools=tuple(tool or ()),
        read_only=read_only,
    )
    raise typer.Exit(token_commands.run_add(config, wishes, as_json=as_json))


@token.command(name="list")
def token_list(*, config: Config = None, as_json: AsJson = False) -> None:
    """Show all tokens but never their text: what each is good for, until when, and when it was last used."""
    from mcp_toolweaver.cli import token_commands  # noqa: PLC0415

    raise typer.Exit(token_commands.run_list(config, as_json=as_json))


@token.command(name="revoke")
def token_revoke(
    name: Annotated[str, typer.Argument(help="What it is called.")], *, config: Config = None, as_json: AsJson = False
) -> None:
    """Take a token back: running servers let nobody in with it from the next second on."""
    from mcp_toolweaver.cli import token_commands  # noqa: PLC0415

    raise typer.Exit(token_commands.run_revoke(config, name, as_json=as_json))
