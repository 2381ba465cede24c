"""What suggested words would do, measured on the catalog with the words added.

A word counts here only if two queries or more speak for it. These queries chose the words, and one
word of many was chosen because it suits them, so what they gain flatters the words; it does not prove
that other queries for the tool would gain. All other queries gave no word, and show what the words cost.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from mcp_toolweaver.core.tools import Tool, ToolId
from mcp_toolweaver.evaluation.aliases import Suggestion
from mcp_toolweaver.evaluation.comparison import Difference
from mcp_toolweaver.evaluation.per_query import Scored
from mcp_toolweaver.evaluation.rounding import rounded


@dataclass(frozen=True, slots=True)
class Aliases:
    """The words suggested for one tool, and what they would change for the queries that speak for them."""

    tool: ToolId
    words: tuple[str, ...]
    queries: tuple[str, ...]
    gain: float
    """The mean change of the metric over ``queries``, which chose the words: it flatters them."""

    def to_json(self) -> dict[str, Any]:
        """Return the words as a JSON object."""
        return {
            "tool": str(self.tool),
            "words": list(self.words),
            "queries": list(self.queries),
            "gain": rounded(self.gain),
        }


@dataclass(frozen=True, slots=True)
class AliasEffect:
    """What all supported words together would change."""

    metric: str
    gaining: tuple[Aliases, ...]
    """Tools whose queries gain, the largest gain first."""
    idle: tuple[Aliases, ...]
    """Tools whose queries do not gain, so that the words are not worth their place."""
    others: Difference | None
    """All queries that gave no word, before and after; None if there are none."""

    def to_json(self) -> dict[str, Any]:
        """Return the effect as a JSON object."""
        return {
            "metric": self.metric,
            "gaining": [aliases.to_json() for aliases in self.gaining],
            "idle": [aliases.to_json() for aliases in self.idle],
            "other_queries": None if self.others is None else self.others.to_json(),
        }


def with_words(tools: Sequence[Tool], suggestions: Sequence[Suggestion]) -> list[Tool]:
    """Return the tools, those with supported suggestions with the words at the end of their description."""
    words = {tool: [each.word for each in group] for tool, group in _supported(suggestions).items()}
    return [_reworded(tool, words[tool.id]) if tool.id in words else tool for tool in tools]


def alias_effect(
    suggestions: Sequence[Suggestion], before: Mapping[str, Scored], after: Mapping[str, Scored], metric: str
) -> AliasEffect:
    """Compare a run before and one after the words were added."""
    change = {id_: after[id_].scores[metric] - each.scores[metric] for id_, each in before.items() if each.scores}
    groups = [_aliases(tool, group, change) for tool, group in _supported(suggestions).items()]
    groups.sort(key=lambda aliases: -aliases.gain)
    speakers = {id_ for aliases in groups for id_ in aliases.queries}
    rest = [id_ for id_ in change if id_ not in speakers]
    values = [[run[id_].scores[metric] for id_ in rest] for run in (before, after)]
    return AliasEffect(
        metric=metric,
        gaining=tuple(aliases for aliases in groups if aliases.gain > 0),
        idle=tuple(aliases for aliases in groups if aliases.gain <= 0),
        others=Difference.of(*values) if rest else None,
    )


def _aliases(tool: ToolId, group: Sequence[Suggestion], change: Mapping[str, float]) -> Aliases:
    queries = tuple(dict.fromkeys(id_ for each in group for id_ in each.queries))
    return Aliases(tool, tuple(each.word for each in group), queries, fmean(change[id_] for id_ in queries))


def _supported(suggestions: Sequence[Suggestion]) -> dict[ToolId, list[Suggestion]]:
    grouped: dict[ToolId, list[Suggestion]] = {}
    for suggestion in suggestions:
        if not suggestion.is_weak:
            grouped.setdefault(suggestion.tool, []).append(suggestion)
    return grouped


def _reworded(tool: Tool, words: Sequence[str]) -> Tool:
    definition = {**tool.definition, "description": f"{tool.description} ({', '.join(words)})".strip()}
    return Tool.from_definition(
        tool.id.server,
        definition,
        domain=tool.domain,
        server_description=tool.server_description,
        is_callable=tool.is_callable,
        kind=tool.kind,
    )
