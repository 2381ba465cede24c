"""``$ref`` within one document. What lies elsewhere is never fetched."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

from catalog_sources.openapi.problems import BadPart
from mcp_toolweaver import is_array, is_object

_MOST_HOPS = 50


class References:
    """Resolves the references of a document."""

    def __init__(self, document: dict[str, Any]) -> None:
        """Resolve within ``document``."""
        self._document = document

    def at(self, reference: Any) -> Any:
        """Return what a reference like ``#/components/schemas/Pet`` stands for, itself perhaps a reference.

        Raises:
            BadPart: it points out of the document, or at nothing.
        """
        if not isinstance(reference, str):
            raise BadPart("a $ref is no text; write it as #/components/...")
        if not reference.startswith("#"):
            raise BadPart(
                f"$ref {reference[:120]!r} points out of the document, and is not fetched; bundle it into one file"
            )
        value: Any = self._document
        for step in _steps(reference):
            value = _child(value, step, reference)
        return value

    def resolve(self, value: Any) -> Any:
        """Return a value, or what it stands for if it is a reference.

        Raises:
            BadPart: see `at`; or it refers to itself.
        """
        for _ in range(_MOST_HOPS):
            if not is_object(value) or "$ref" not in value:
                return value
            value = self.at(value["$ref"])
        raise BadPart("a $ref refers to itself; let it point at what it stands for")

    def objects(self, value: Any) -> dict[str, Any]:
        """Return an object, or an object that a reference stands for.

        Raises:
            BadPart: see `resolve`; or it is no object.
        """
        found = self.resolve(value)
        if not is_object(found):
            raise BadPart(f"there is {_kind(found)} where an object belongs")
        return found


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    return "a list" if is_array(value) else "a text" if isinstance(value, str) else "a number or a truth value"


def _steps(reference: str) -> list[str]:
    """Return the steps of a JSON pointer in a fragment (RFC 6901, section 6)."""
    path = reference[1:]
    if path and not path.startswith("/"):
        raise BadPart(f"$ref {reference[:120]!r} names an anchor, which is not supported; write it as #/components/...")
    return [unquote(step).replace("~1", "/").replace("~0", "~") for step in path.split("/")[1:]]


def _child(value: Any, step: str, reference: str) -> Any:
    if is_object(value) and step in value:
        return value[step]
    if is_array(value) and step.isdigit() and int(step[:9]) < len(value):
        return value[int(step[:9])]
    raise BadPart(f"$ref {reference[:120]!r} points at nothing; correct it, or add what it names")
