"""Which words a query and a tool share, as the search sees words."""

from __future__ import annotations

import re

from mcp_toolweaver.core.tools import Tool
from mcp_toolweaver.text.query_terms import content_terms, query_terms
from mcp_toolweaver.text.tokenize import tokenize
from mcp_toolweaver.text.tool_text import SYNONYMS, field_terms, search_terms

_WORD = re.compile(r"[^\W_]+")


def tool_terms(tool: Tool) -> frozenset[str]:
    """Return the distinct terms that the text of a tool holds."""
    return frozenset(search_terms(tool))


def synonym_terms(tool: Tool) -> frozenset[str]:
    """Return the terms that a tool is found by without holding them."""
    return frozenset(field_terms(tool).get(SYNONYMS, ())) - tool_terms(tool)


def query_words(text: str) -> dict[str, str]:
    """Return the distinct terms that are searched for, each with the word that it stands for, in their order.

    Single letters are left out: they are what apostrophes leave behind.
    """
    return _words(text, frozenset(query_terms(text)))


def content_words(text: str) -> dict[str, str]:
    """Return the same without talk and stop words, even where there is nothing else."""
    return _words(text, frozenset(content_terms(text)))


def _words(text: str, wanted: frozenset[str]) -> dict[str, str]:
    words: dict[str, str] = {}
    for word in _WORD.findall(text):
        terms = tokenize(word)
        for term in terms:
            if term in wanted and (len(term) > 1 or not term.isascii()):
                words.setdefault(term, word if len(terms) == 1 else term)
    return words


def resemblance(one: frozenset[str], other: frozenset[str]) -> float:
    """Return the share of all terms of two tools that both have (Broder 1997), 0 to 1."""
    return len(one & other) / len(one | other) if one or other else 0.0
