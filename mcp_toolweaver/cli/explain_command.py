"""The options of ``toolweaver explain``."""

from __future__ import annotations

from typing import Annotated, Optional

import typer

from mcp_toolweaver.cli.options import AsJson, Config, Domain, Kind, Within, WordsOnly


def explain(
    query: Annotated[str, typer.Argument(help="What was searched for.")],
    *,
    tool: Annotated[Optional[str], typer.Option(help="Say where this tool was, or why it was not found.")] = None,  # noqa: UP045
    config: Config = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=50, help="How many tools a model gets.")] = 5,
    domain: Domain = None,
    kind: Kind = None,
    profile: Within = None,
    words_only: WordsOnly = False,
    as_json: AsJson = False,
) -> None:
    """Show why a search answers what it does: by which lane, with which words; status 1 if the tool is not found."""
    from mcp_toolweaver.cli import explaining  # noqa: PLC0415

    wishes = explaining.Wishes(query, tool, limit, domain, kind, profile, words_only=words_only)
    raise typer.Exit(explaining.run(config, wishes, as_json=as_json))
