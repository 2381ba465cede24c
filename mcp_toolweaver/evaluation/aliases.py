"""Words that people use for a tool and its text lacks.

A word is suggested for a tool if a query that missed the tool holds it, the tool's text does not,
few other tools' texts do, and no more queries for other tools hold it than queries for this one.
What is left is ordered by the log odds ratio of the word between the tool's queries and all
others, with 0.5 added to each count (Haldane 1956, Anscombe 1956), over its standard error.

A word that one query alone holds may be an accident of that query, and is called weak.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mcp_toolweaver.core.tools import Snapshot, Tool, ToolId
from mcp_toolweaver.evaluation.labelled import LabelledQuery
from mcp_toolweaver.evaluation.metrics import best_rank, satisfies, unmet_needs
from mcp_toolweaver.evaluation.outcome import Outcome
from mcp_toolweaver.evaluation.rounding import rounded
from mcp_toolweaver.evaluation.terms import content_words, tool_terms

_SHORTEST = 3
_MOST_TOOLS = 0.02
"""The largest share of the catalog whose texts may hold a word that is to tell a tool apart."""
_MOST_WORDS = 5
"""So many of each sort are suggested for one tool, since a text of many words fits everything."""
_FEW_TOOLS = 2
"""So many may hold it however small the catalog is."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A word that might be added to the text of a tool."""

    tool: ToolId
    word: str
    queries: tuple[str, ...]
    """The ids of the failed queries that speak for it, one for each different text."""
    elsewhere: int
    """How many queries for other tools hold it."""
    strength: float
    """The log odds ratio over its standard error."""

    @property
    def is_weak(self) -> bool:
        """Whether a single query speaks for it."""
        return len(self.queries) == 1

    def to_json(self) -> dict[str, Any]:
        """Return the suggestion as a JSON object."""
        return {
            "tool": str(self.tool),
            "word": self.word,
            "queries": list(self.queries),
            "elsewhere": self.elsewhere,
            "strength": rounded(self.strength),
            "weak": self.is_weak,
        }


def suggest(outcomes: Sequence[Outcome], snapshot: Snapshot) -> tuple[Suggestion, ...]:
    """Return the suggestions for the tools that were missed, tool by tool, the strongest first."""
    suggester = _Suggester([outcome.query for outcome in outcomes], snapshot)
    found = [
        suggestion for tool, queries in _missed(outcomes, snapshot) for suggestion in _best(suggester.of(tool, queries))
    ]
    return tuple(sorted(found, key=lambda each: (str(each.tool), -each.strength, each.word)))


def _best(suggestions: Iterable[Suggestion]) -> list[Suggestion]:
    """Keep the strongest words for one tool, of those with support and of the weak ones apart."""
    ordered = sorted(suggestions, key=lambda each: (-each.strength, each.word))
    weak = [suggestion for suggestion in ordered if suggestion.is_weak]
    return [suggestion for suggestion in ordered if not suggestion.is_weak][:_MOST_WORDS] + weak[:_MOST_WORDS]


class _Suggester:
    """The words of all queries and tools, counted once."""

    def __init__(self, queries: Sequence[LabelledQuery], snapshot: Snapshot) -> None:
        self._queries = _distinct(queries)
        self._words = {query.id: content_words(query.text) for query in queries}
        self._holders = Counter(term for words in self._asked() for term in words)
        self._terms = {id_: tool_terms(tool) for id_, tool in snapshot.tools.items()}
        self._tools = Counter(term for terms in self._terms.values() for term in terms)
        self._most_tools = max(_FEW_TOOLS, int(_MOST_TOOLS * len(snapshot)))

    def of(self, tool: Tool, missed: Sequence[LabelledQuery]) -> Iterator[Suggestion]:
        """Yield what the queries that missed a tool suggest for it."""
        mine = [query for query in self._queries if best_rank([tool.id], query.needs)]
        asked = Counter(term for query in mine for term in self._words[query.id])
        for term, speakers in self._speakers(tool, _distinct(missed)).items():
            elsewhere = self._holders[term] - asked[term]
            if elsewhere <= asked[term]:
                strength = _strength(asked[term], len(mine), elsewhere, len(self._queries) - len(mine))
                word = _usual(self._words[query.id][term] for query in speakers)
                yield Suggestion(tool.id, word, tuple(query.id for query in speakers), elsewhere, strength)

    def _speakers(self, tool: Tool, queries: Sequence[LabelledQuery]) -> dict[str, list[LabelledQuery]]:
        """Return the terms that could tell the tool apart, each with the queries that hold it."""
        speakers: dict[str, list[LabelledQuery]] = {}
        for query in queries:
            spoken_for = self._terms_of_others(tool, query)
            for term in self._words[query.id]:
                if term not in spoken_for and term not in self._terms[tool.id] and self._is_telling(term):
                    speakers.setdefault(term, []).append(query)
        return {
            term: holders
            for term, holders in speakers.items()
            if len(holders) > 1 or not _is_name(self._words[holders[0].id][term], holders[0].text)
        }

    def _terms_of_others(self, tool: Tool, query: LabelledQuery) -> frozenset[str]:
        """Return the terms of the other tools that the query asks for: those words are about them."""
        others = (need for need in query.needs if not satisfies(tool.id, need))
        return frozenset[str]().union(
            *(self._terms[id_] for need in others for id_ in self._terms if satisfies(id_, need))
        )

    def _is_telling(self, term: str) -> bool:
        long_enough = len(term) >= _SHORTEST or not term.isascii()
        return long_enough and not any(map(str.isdigit, term)) and self._tools[term] <= self._most_tools

    def _asked(self) -> Iterator[Mapping[str, str]]:
        return (self._words[query.id] for query in self._queries)


def _missed(outcomes: Sequence[Outcome], snapshot: Snapshot) -> list[tuple[Tool, list[LabelledQuery]]]:
    """Return the tools that should have been found, each with the queries that missed it."""
    missed: dict[ToolId, list[LabelledQuery]] = {}
    for outcome in outcomes:
        for need in unmet_needs(outcome.ranked[:10], outcome.query.needs):
            wanted = next((id_ for id_ in snapshot.tools if satisfies(id_, need)), None)
            if wanted is not None:
                missed.setdefault(wanted, []).append(outcome.query)
    return [(snapshot.tools[id_], queries) for id_, queries in missed.items()]


def _distinct(queries: Sequence[LabelledQuery]) -> list[LabelledQuery]:
    """Leave out queries that only repeat the words of one before them."""
    first = {frozenset(content_words(query.text)): query for query in reversed(queries)}
    kept = {query.id for query in first.values()}
    return [query for query in queries if query.id in kept]


def _strength(held: int, queries: int, elsewhere: int, others: int) -> float:
    """Return the log odds ratio over its standard error, of counts with 0.5 added to each."""
    cells = [held + 0.5, queries - held + 0.5, elsewhere + 0.5, others - elsewhere + 0.5]
    ratio = math.log(cells[0] * cells[3] / (cells[1] * cells[2]))
    return ratio / math.sqrt(sum(1 / cell for cell in cells))


def _usual(words: Iterator[str]) -> str:
    return Counter(word.casefold() for word in words).most_common(1)[0][0]


def _is_name(word: str, text: str) -> bool:
    """Whether a word is written with a capital within a text, as names are."""
    return word[:1].isupper() and not text.lstrip().startswith(word)
