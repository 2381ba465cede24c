"""Whether tools of two servers are the same tool under two roofs, told by their text alone.

The same server configured twice, and servers that copied a tool from each other, fill an
answer with rows between which the model cannot choose. Tools that merely share a name
(``create_issue`` of two trackers) are different tools for their user and stay apart.
"""

from __future__ import annotations

import re
from collections.abc import Set as AbstractSet
from functools import lru_cache

from mcp_toolweaver.core.json_values import is_array, is_object
from mcp_toolweaver.core.tools import Tool
from mcp_toolweaver.text.tokenize import tokenize

_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[^\W_A-Z]+")
_LONGEST_DESCRIPTION = 2_000
_LEAST_OVERLAP = 0.7
_LEAST_SAID = 2


def kinship(tool: Tool) -> str:
    """Return the tool's name without case, separators and its server's words; duplicates have it in common."""
    return _kinship(tool.id.server, tool.id.name)


def are_duplicates(first: Tool, second: Tool) -> bool:
    """Whether two tools of one `kinship` on different servers say the same and need the same arguments.

    Descriptions say the same if they share 70 % of their terms, none of the other terms names
    its own server, and something is said beyond the name. Where one server's name holds the
    other's (``github`` and ``github-work``), the name is enough to be said.
    """
    if first.id.server == second.id.server or _required(first) != _required(second):
        return False
    servers = _words(first.id.server), _words(second.id.server)
    stories = said(first), said(second)
    own = (stories[0] - stories[1]) & servers[0] | (stories[1] - stories[0]) & servers[1]
    if own or overlap(*stories) < _LEAST_OVERLAP:
        return False
    siblings = servers[0] <= servers[1] or servers[1] <= servers[0]
    known = _words(first.id.name) | servers[0] | servers[1]
    return siblings or len((stories[0] & stories[1]) - known) >= _LEAST_SAID


def said(tool: Tool) -> frozenset[str]:
    """Return the terms of the tool's description."""
    return _words(tool.description[:_LONGEST_DESCRIPTION])


def overlap(first: AbstractSet[str], second: AbstractSet[str]) -> float:
    """Return the Jaccard index of two sets; two empty ones are equal."""
    union = first | second
    return len(first & second) / len(union) if union else 1.0


@lru_cache(maxsize=65_536)
def _kinship(server: str, name: str) -> str:
    parts, of_server = _parts(name), set(_parts(server))
    return "".join([part for part in parts if part not in of_server] or parts)


def _parts(identifier: str) -> list[str]:
    return [part.casefold() for part in _PART.findall(identifier)]


@lru_cache(maxsize=4_096)
def _words(text: str) -> frozenset[str]:
    return frozenset(tokenize(text))


def _required(tool: Tool) -> frozenset[str]:
    """Return the names of the required parameters."""
    schema = tool.input_schema
    required = schema.get("required")
    names = required if is_array(required) else []
    properties = schema.get("properties")
    known = properties if is_object(properties) else {}
    return frozenset(name for name in names if isinstance(name, str) and name in known)
