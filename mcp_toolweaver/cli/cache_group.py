"""The commands about the cache; what a command needs is imported when it runs."""

from __future__ import annotations

from typing import Annotated, Optional

import typer

from mcp_toolweaver.cli.options import AsJson, Config
from mcp_toolweaver.core.caching import CacheTier

cache = typer.Typer(
    help="The cache of answers, vectors and listings: what it holds, how often it helps.", no_args_is_help=True
)


@cache.command(name="stats")
def cache_stats(*, config: Config = None, as_json: AsJson = False) -> None:
    """Show how often each tier of the cache had what it was asked for, and what each layer holds."""
    from mcp_toolweaver.cli import cache_commands  # noqa: PLC0415

    raise typer.Exit(cache_commands.run_stats(config, as_json=as_json))


@cache.command(name="clear")
def cache_clear(
    tier: Annotated[Optional[CacheTier], typer.Argument(help="What to remove; everything if not given.")] = None,  # noqa: UP045
    *,
    config: Config = None,
    questions: Annotated[bool, typer.Option("--questions", help="Forget which questions are asked most, too.")] = False,
    as_json: AsJson = False,
) -> None:
    """Remove what is kept; nothing is lost but time."""
    from mcp_toolweaver.cli import cache_commands  # noqa: PLC0415

    tiers = list(CacheTier) if tier is None else [tier]
    raise typer.Exit(cache_commands.run_clear(config, tiers, questions=questions, as_json=as_json))
