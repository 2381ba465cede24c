"""The entries in a document: one, a list of them, what the API answers with, or JSON lines."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from mcp_toolweaver.core.json_values import is_array, is_object

Raw = tuple[str, Any]
"""Where an entry is, and what is there."""


def entries_in(document: Any, where: str) -> Iterator[Raw]:
    """Yield what may be an entry."""
    listed = document.get("servers") if is_object(document) else document
    if is_array(listed):
        yield from ((f"{where}, entry {number}", each) for number, each in enumerate(listed, start=1))
    else:
        yield where, document


def entries_in_text(text: str, where: str) -> Iterator[Raw]:
    """Yield what may be an entry in JSON or in JSON lines; a line that is no JSON is what is wrong with it.

    Raises:
        ValueError: the text is neither.
    """
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        if not text.lstrip().startswith("{") or "\n" not in text.strip():
            raise ValueError(f"is not JSON: {error}") from error
        yield from _in_lines(text, where)
    else:
        yield from entries_in(document, where)


def _in_lines(text: str, where: str) -> Iterator[Raw]:
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            try:
                yield f"{where}, line {number}", json.loads(line)
            except (ValueError, RecursionError) as error:
                yield f"{where}, line {number}", f"not JSON: {error}"
