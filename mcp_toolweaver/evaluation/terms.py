"""Which words a query and a tool share, as the search sees words."""

from __future__ import annotations

import re

from mcp_toolweaver.core.tools import Tool
from mcp_toolweaver.text.tokenize import STOP_WORDS, tokenize
from mcp_toolweaver.text.tool_text import search_terms

_WORD = re.compile(r"[^\W_]+")


def tool_terms(tool: Tool) -> frozenset[str]:
    """Return the distinct terms that a tool is found by."""
    return frozenset(search_terms(tool))


def query_words(text: str) -> dict[str, str]:
    """Return the distinct terms of a query, each with the word that it stands for, in their order.

    Single letters are left out: they are what apostrophes leave behind.
    """
    words: dict[str, str] = {}
    for word in _WORD.findall(text):
        if word.casefold() not in STOP_WORDS:
            terms = tokenize(word)
            for term in terms:
                if len(term) > 1 or not term.isascii():
                    words.setdefault(term, word if len(terms) == 1 else term)
    return words


def resemblance(one: frozenset[str], other: frozenset[str]) -> float:
    """Return the share of all terms of two tools that both have (Broder 1997), 0 to 1."""
    return len(one & other) / len(one | other) if one or other else 0.0
