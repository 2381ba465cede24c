"""What of a tool is searched: as weighted terms for BM25, and as one passage for the embedding."""

from __future__ import annotations

from collections.abc import Iterator

from mcp_toolweaver.core.json_values import is_object
from mcp_toolweaver.core.tools import Tool
from mcp_toolweaver.text.tokenize import tokenize

# How often a term counts by the field it stands in. A name says more than prose.
NAME_WEIGHT = 2
SERVER_WEIGHT = 2
PLAIN_WEIGHT = 1

_MOST_CHARACTERS = 4_000  # of a description; real ones reach 14,000, and the first part says it
_MOST_PARAMETERS = 64
_MOST_PARAMETER_CHARACTERS = 300
_PASSAGE_CHARACTERS = 1_200  # all-MiniLM-L6-v2 reads 256 word pieces


def search_terms(tool: Tool) -> list[str]:
    """Return the terms of a tool, each as often as the weight of its field asks."""
    name = tokenize(f"{tool.id.name} {tool.title}") * NAME_WEIGHT
    server = tokenize(tool.id.server) * SERVER_WEIGHT
    rest = [tool.description[:_MOST_CHARACTERS], *_parameters(tool)]
    return name + server + tokenize(" ".join(rest)) * PLAIN_WEIGHT


def passage(tool: Tool) -> str:
    """Return the text whose embedding stands for the tool: server, name, description."""
    name = " ".join(_readable(part) for part in (tool.id.server, tool.id.name) if part)
    return f"{name}: {tool.description}"[:_PASSAGE_CHARACTERS]


def _parameters(tool: Tool) -> Iterator[str]:
    """Yield the names of the tool's parameters and what is said of them."""
    properties = tool.input_schema.get("properties")
    if is_object(properties):
        for name, schema in list(properties.items())[:_MOST_PARAMETERS]:
            yield name
            if is_object(schema):
                yield str(schema.get("description", ""))[:_MOST_PARAMETER_CHARACTERS]


def _readable(identifier: str) -> str:
    return identifier.replace("_", " ").replace("-", " ")
