"""What a caller's choice of a domain gains if it is right, and costs if it is wrong."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Sequence
from statistics import fmean

from bench.routing_arms import Right
from mcp_toolweaver.core.interfaces import CatalogView, Searcher
from mcp_toolweaver.core.query import SearchRequest
from mcp_toolweaver.core.tools import ToolId
from mcp_toolweaver.evaluation import LabelledQuery, recall
from mcp_toolweaver.server.search import search_tools

KEPT, BACK = "kept to it", "and back"
_SHOWN = 5


async def hinted(
    catalog: CatalogView, searcher: Searcher, queries: Sequence[LabelledQuery], right: Right
) -> dict[str, float]:
    """Return recall@5 in percent: without a choice, kept to the chosen server, and as ``search_tools`` answers.

    The right choice is a server of a right tool, the wrong one any other, drawn by chance.
    """
    chance = random.Random(0)  # noqa: S311  a draw, no secret
    servers = sorted(catalog.snapshot.by_server)
    found: defaultdict[str, list[float]] = defaultdict(list)
    for query in queries:
        right.ask(query.needs)
        mine = set(right.servers)
        others = [server for server in servers if server not in mine]
        if not mine or not others:
            continue
        for kind, server in (("no choice", None), ("right", min(mine)), ("wrong", chance.choice(others))):
            kept = await _kept(searcher, query.text, server)
            found[kind if server is None else f"{kind}, {KEPT}"].append(recall(kept, query.needs, _SHOWN))
            if server is not None:
                back = await _answered(catalog, searcher, query.text, server)
                found[f"{kind}, {BACK}"].append(recall(back, query.needs, _SHOWN))
    return {name: 100 * fmean(values) for name, values in found.items()}


async def _kept(searcher: Searcher, text: str, server: str | None) -> list[ToolId]:
    result = await searcher.search(SearchRequest(text, _SHOWN, server))
    return [hit.tool.id for hit in result.hits] if result.confidence != "none" else []


async def _answered(catalog: CatalogView, searcher: Searcher, text: str, server: str) -> list[ToolId]:
    reply = await search_tools(catalog, searcher, {"query": text, "limit": _SHOWN, "domain": server})
    return [catalog.snapshot.by_callable_name[row["name"]].id for row in reply["tools"]]
