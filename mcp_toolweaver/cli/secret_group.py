"""The commands about secrets in the keyring; what a command needs is imported when it runs."""

from __future__ import annotations

from typing import Annotated

import typer

from mcp_toolweaver.cli.options import AsJson, Config

secret = typer.Typer(
    help="Secrets in the keyring of the system, which a configuration refers to as ${keyring:toolweaver/NAME}.",
    no_args_is_help=True,
)

_Name = Annotated[str, typer.Argument(help="What to call it: letters, digits, dots, dashes and underscores.")]
_Service = Annotated[str, typer.Option(help="What it is filed under in the keyring.")]


@secret.command(name="set")
def secret_set(
    name: _Name, *, service: _Service = "toolweaver", config: Config = None, as_json: AsJson = False
) -> None:
    """Keep a secret: it is asked for without being shown, or read from stdin if that is no terminal."""
    from mcp_toolweaver.cli import secret_commands  # noqa: PLC0415

    raise typer.Exit(secret_commands.run_set(config, service, name, as_json=as_json))


@secret.command(name="list")
def secret_list(*, config: Config = None, as_json: AsJson = False) -> None:
    """Show what secrets there are, never the secrets, and whether the keyring still has them."""
    from mcp_toolweaver.cli import secret_commands  # noqa: PLC0415

    raise typer.Exit(secret_commands.run_list(config, as_json=as_json))


@secret.command(name="remove")
def secret_remove(
    name: _Name, *, service: _Service = "toolweaver", config: Config = None, as_json: AsJson = False
) -> None:
    """Remove a secret from the keyring."""
    from mcp_toolweaver.cli import secret_commands  # noqa: PLC0415

    raise typer.Exit(secret_commands.run_remove(config, service, name, as_json=as_json))
