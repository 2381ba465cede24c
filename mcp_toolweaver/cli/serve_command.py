"""The options of ``toolweaver serve``."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Optional

import typer
from typer.core import TyperCommand

from mcp_toolweaver.cli.options import Config, Within


class Transport(StrEnum):
    """How hosts reach us."""

    STDIO = "stdio"
    HTTP = "http"
    SSE = "sse"


class ServeCommand(TyperCommand):
    """One whose ``--http`` may stand alone."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the arguments, with an empty address where ``--http`` is followed by none."""
        following = [*args[1:], "-"]
        whole = [
            "--http=" if arg == "--http" and after.startswith("-") else arg
            for arg, after in zip(args, following, strict=False)
        ]
        return super().parse_args(ctx, whole)


def serve(
    *,
    config: Config = None,
    http: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(
            metavar="[HOST:PORT]",
            help="Serve streamable HTTP at /mcp and SSE at /sse instead; 127.0.0.1:8321 if no address is given.",
        ),
    ] = None,
    transport: Annotated[
        Optional[Transport],  # noqa: UP045
        typer.Option(help="The same by name: http and sse both serve both."),
    ] = None,
    insecure: Annotated[
        bool, typer.Option("--insecure", help="Let in everybody who can reach the address, without a token.")
    ] = False,
    profile: Within = None,
    timeline: Annotated[bool, typer.Option("--timeline", help="Print each step of the start to stderr.")] = False,
) -> None:
    """Serve MCP over stdin and stdout, which is what a host starts, or to hosts that come over HTTP."""
    if http is not None or transport in {Transport.HTTP, Transport.SSE}:
        from mcp_toolweaver.cli import serving_http  # noqa: PLC0415

        raise typer.Exit(serving_http.run(config, http or "", is_insecure=insecure, profile=profile, timeline=timeline))
    from mcp_toolweaver.cli import serving  # noqa: PLC0415

    raise typer.Exit(serving.run(config, profile=profile, timeline=timeline))
