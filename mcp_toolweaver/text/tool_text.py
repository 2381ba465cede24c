"""What of a tool is searched: its fields as terms for BM25F, and one passage for the embedding.

A description says what the tool does first and how to call it later, so its lists of arguments
and examples are a field of their own, and parameters are read from the schema. Everything is
bounded: what is longer, or says the same word more often, gains nothing.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, islice
from types import MappingProxyType
from typing import Any

from mcp_toolweaver.core.json_values import is_array, is_object
from mcp_toolweaver.core.tools import Tool
from mcp_toolweaver.text.synonyms import synonyms
from mcp_toolweaver.text.tokenize import tokenize

TEXT_VERSION = 1
"""Raised when a tool's terms, their weights or its passage change, so that nothing is compared with what was
stored before; `tests/unit/index/test_text_version.py` notices."""

SYNONYMS = "synonyms"
"""The field that is not the tool's own."""

FIELD_WEIGHTS: Mapping[str, float] = MappingProxyType(
    {
        "server": 2.0,
        "name": 2.0,
        "title": 2.0,
        "description": 0.8,
        "usage": 0.4,
        "parameters": 1.0,
        "parameter texts": 0.6,
        "choices": 0.4,
        "server description": 0.4,
        SYNONYMS: 0.4,
    }
)
"""How much a term counts by the field it stands in; decision 9 has the evidence."""

FIELD_LENGTHS: Mapping[str, float] = MappingProxyType(
    {
        "server": 2.0,
        "name": 3.0,
        "title": 3.0,
        "description": 16.0,
        "usage": 40.0,
        "parameters": 5.0,
        "parameter texts": 22.0,
        "choices": 12.0,
        "server description": 50.0,
        SYNONYMS: 8.0,
    }
)
"""How many terms a field that is not empty has in a typical catalog; decision 14 has the evidence."""

_MOST_TERMS: Mapping[str, int] = MappingProxyType({"server": 12, "name": 12, "title": 12})
_MOST_DISTINCT = 80
_MOST_TIMES = 3

_MOST_FIELD_CHARACTERS = 20_000
_MOST_CHARACTERS = 4_000  # of a description; real ones reach 14,000, and the first part says it
_MOST_PARAMETERS = 64
_MOST_PARAMETER_CHARACTERS = 300
_MOST_CHOICES = 20
_PASSAGE_CHARACTERS = 1_200  # all-MiniLM-L6-v2 reads 256 word pieces
_USAGE = re.compile(
    r"\n[ \t]{0,16}(?:args|arguments|parameters|params|inputs?|outputs?|returns?|examples?)"
    r"[ \t]{0,16}:?[ \t]{0,16}\r?\n",
    re.IGNORECASE,
)


def field_terms(tool: Tool) -> dict[str, list[str]]:
    """Return the terms of each field, in their order; fields without terms are left out."""
    purpose, usage = _split(tool.description[:_MOST_CHARACTERS])
    properties = _properties(tool)
    texts = {
        "server": tool.id.server,
        "name": tool.id.name,
        "title": tool.title,
        "description": purpose,
        "usage": usage,
        "parameters": " ".join(properties),
        "parameter texts": " ".join(_described(properties)),
        "choices": " ".join(_choices(properties)),
        "server description": tool.server_description[:_MOST_CHARACTERS],
    }
    terms = {
        field: _bounded(tokenize(text[:_MOST_FIELD_CHARACTERS]), _MOST_TERMS.get(field))
        for field, text in texts.items()
    }
    said = chain.from_iterable(terms[field] for field in ("name", "title", "description"))
    terms[SYNONYMS] = _bounded(synonyms(said), None)
    return {field: found for field, found in terms.items() if found}


def search_terms(tool: Tool) -> list[str]:
    """Return the terms that the tool itself holds, in all fields."""
    return list(chain.from_iterable(terms for field, terms in field_terms(tool).items() if field != SYNONYMS))


def passage(tool: Tool) -> str:
    """Return the text whose embedding stands for the tool: server, name, what it does."""
    name = " ".join(_readable(part) for part in (tool.id.server, tool.id.name) if part)
    purpose, _usage = _split(tool.description[:_MOST_CHARACTERS])
    return f"{name}: {purpose.strip()}"[:_PASSAGE_CHARACTERS]


def passage_digest(tool: Tool) -> str:
    """Return the SHA-256 of the passage, which its vector is found by; as hexadecimal digits."""
    return hashlib.sha256(passage(tool).encode(errors="replace")).hexdigest()


def _split(description: str) -> tuple[str, str]:
    """Return what the description says before its first list of arguments or examples, and the rest."""
    found = _USAGE.search(f"{description}\n")
    if found is None or not description[: found.start()].strip():
        return description, ""
    return description[: found.start()], description[found.start() :]


def _bounded(terms: Sequence[str], most: int | None) -> list[str]:
    """Return the terms, each at most three times, of the first 80 distinct ones only."""
    times: dict[str, int] = {}
    kept: list[str] = []
    for term in islice(terms, most):
        seen = times.get(term, 0)
        if seen < _MOST_TIMES and (seen or len(times) < _MOST_DISTINCT):
            times[term] = seen + 1
            kept.append(term)
    return kept


def _properties(tool: Tool) -> dict[str, Any]:
    properties = tool.input_schema.get("properties")
    return dict(islice(properties.items(), _MOST_PARAMETERS)) if is_object(properties) else {}


def _described(properties: Mapping[str, Any]) -> Iterator[str]:
    for schema in properties.values():
        description = schema.get("description") if is_object(schema) else None
        if isinstance(description, str):
            yield description[:_MOST_PARAMETER_CHARACTERS]


def _choices(properties: Mapping[str, Any]) -> Iterator[str]:
    """Yield the texts that parameters, or the items of a list, may be one of."""
    for schema in properties.values():
        for holder in (schema, schema.get("items") if is_object(schema) else None):
            values = holder.get("enum") if is_object(holder) else None
            if is_array(values):
                yield from (value[:64] for value in values[:_MOST_CHOICES] if isinstance(value, str))


def _readable(identifier: str) -> str:
    """Return an identifier as words: ``getAllItems`` and ``get_all-items`` read ``get all items``."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|[_\-.]+", " ", identifier)
    return " ".join(spaced.split())
