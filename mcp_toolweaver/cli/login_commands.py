"""``toolweaver login`` and ``logout``; what they need is imported when they run."""

from __future__ import annotations

from typing import Annotated, Optional

import typer

from mcp_toolweaver.cli.completing import server_names
from mcp_toolweaver.cli.options import AsJson, Config, Server


def login(
    server: Annotated[
        Optional[str],  # noqa: UP045  typer reads it at run time
        typer.Argument(
            help="The server, as it is called in the configuration; without it, who needs a login is told.",
            autocompletion=server_names,
        ),
    ] = None,
    *,
    browser: Annotated[bool, typer.Option(help="Whether to open the browser; the address is printed anyway.")] = True,
    timeout: Annotated[float, typer.Option(min=1, help="Seconds to wait for you to log in.")] = 300.0,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Log in at a remote server by OAuth in your browser; running servers take the login up by themselves."""
    from mcp_toolweaver.cli import logging_in  # noqa: PLC0415

    if server is None:
        raise typer.Exit(logging_in.run_list(config, as_json=as_json))
    wishes = logging_in.Wished(server, opens_browser=browser, seconds=timeout)
    raise typer.Exit(logging_in.run_login(config, wishes, as_json=as_json))


def logout(server: Server, *, config: Config = None, as_json: AsJson = False) -> None:
    """Take a login back: the authorization server is told, and what was kept is removed."""
    from mcp_toolweaver.cli import logging_in  # noqa: PLC0415

    raise typer.Exit(logging_in.run_logout(config, server, as_json=as_json))
