"""``toolweaver explain``: why a search answered what it did, and where a certain tool was."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import anyio

from mcp_toolweaver.app import App
from mcp_toolweaver.cli.configuring import configuration, is_usable
from mcp_toolweaver.cli.explain_printing import print_trace
from mcp_toolweaver.cli.printing import print_json
from mcp_toolweaver.cli.running import running
from mcp_toolweaver.cli.why_absent import Absence, Expected, find
from mcp_toolweaver.cli.within import looking_through
from mcp_toolweaver.config import Configuration
from mcp_toolweaver.core.errors import ConfigurationError, InvalidRequest, Unavailable
from mcp_toolweaver.core.interfaces import Searcher
from mcp_toolweaver.core.query import SearchRequest
from mcp_toolweaver.core.scrub import scrub_json
from mcp_toolweaver.core.tools import Tool
from mcp_toolweaver.evaluation.explanation import MEANING
from mcp_toolweaver.evaluation.tracing import Trace, trace
from mcp_toolweaver.server.asked import what_was_asked
from mcp_toolweaver.server.kinds import of_kind
from mcp_toolweaver.server.requests import SearchArguments


@dataclass(frozen=True, slots=True)
class Wishes:
    """What is to be explained."""

    query: str
    tool: str | None = None
    """Where this one was, in any form of its name."""
    limit: int = 5
    domain: str | None = None
    kind: str | None = None
    profile: str | None = None
    words_only: bool = False


@dataclass(frozen=True, slots=True)
class Explained:
    """How a question was answered."""

    trace: Trace
    notes: tuple[str, ...]
    """One sentence for each correction of what was asked, and each part that was away."""
    tools: int
    """How many there are in all."""
    absence: Absence | None
    """Why the tool that was asked about could not be found at all."""

    def to_json(self) -> dict[str, Any]:
        """Return it as a JSON object."""
        absence = {} if self.absence is None else {"absent": asdict(self.absence)}
        found: dict[str, Any] = scrub_json(
            {**self.trace.to_json(), "notes": list(self.notes), "catalog": self.tools, **absence}
        )
        return found


def run(config: Path | None, wishes: Wishes, *, as_json: bool) -> int:
    """Search once and print how; return the exit status (1: the tool that was asked about was not found)."""
    loaded = configuration(config, log_level="error")
    if not is_usable(loaded):
        return 2
    try:
        with looking_through(loaded.settings, wishes.profile):
            explained = anyio.run(_explain, loaded, wishes)
    except (InvalidRequest, ConfigurationError) as error:
        sys.stderr.write(f"toolweaver: {error}\n")
        return 2
    print_json(explained.to_json()) if as_json else print_trace(explained)
    is_missing = explained.absence is not None or explained.trace.missed is not None
    return 1 if is_missing or not explained.trace.rows else 0


async def _explain(loaded: Configuration, wishes: Wishes) -> Explained:
    async with running(loaded, meaning=not wishes.words_only) as app:
        with of_kind(wishes.kind, app.seen.snapshot) as notes:
            return await _explained(app, loaded, wishes, notes)


async def _explained(app: App, loaded: Configuration, wishes: Wishes, notes: tuple[str, ...]) -> Explained:
    asked = what_was_asked(SearchArguments(query=wishes.query, domain=wishes.domain), app.seen.snapshot)
    request = SearchRequest(asked.questions[0], wishes.limit, asked.domain)
    tool = None if wishes.tool is None else _tool(app, loaded, wishes, asked.domain)
    arms, away = await _answering(app.arms(), request)
    found = await trace(request, arms, app.seen, tool if isinstance(tool, Tool) else None)
    absence = tool if isinstance(tool, Absence) else None
    return Explained(found, (*notes, *asked.notes, *away), len(app.catalog.snapshot), absence)


def _tool(app: App, loaded: Configuration, wishes: Wishes, domain: str | None) -> Tool | Absence:
    expected = Expected(
        wishes.tool or "", loaded, app.catalog, app.seen, app.seen.departed, domain=domain, kind=wishes.kind
    )
    return find(expected)


async def _answering(arms: Mapping[str, Searcher], request: SearchRequest) -> tuple[dict[str, Searcher], list[str]]:
    """Return the arms that can answer, and a sentence for one that cannot."""
    answering = dict(arms)
    try:
        if MEANING in arms:
            await arms[MEANING].search(request)
    except Unavailable as away:
        del answering[MEANING]
        return answering, [f"meaning could not be compared: {away}"]
    return answering, []
