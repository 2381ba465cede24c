"""The operations of a document, each with all that it takes in one place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from catalog_sources.openapi.problems import BadPart, Problems, pointer
from catalog_sources.openapi.references import References
from mcp_toolweaver import is_array, is_object

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path, as the document has it."""

    method: str
    """In upper case."""
    path: str
    """The template, such as ``/pets/{id}``."""
    place: str
    """Where it is in the document, as a JSON pointer."""
    raw: dict[str, Any]
    """The operation object."""
    parameters: tuple[dict[str, Any], ...]
    """Its own and those of its path, references resolved."""
    servers: Any
    """Servers of its own or of its path; None where those of the document count."""
    security: Any
    """Its own requirements, or those of the document; None if there are none."""

    @property
    def identifier(self) -> str:
        """The operationId; empty if it has none."""
        given = self.raw.get("operationId")
        return given if isinstance(given, str) else ""

    @property
    def tags(self) -> tuple[str, ...]:
        """Its tags."""
        given = self.raw.get("tags")
        return tuple(tag for tag in given if isinstance(tag, str)) if is_array(given) else ()

    def text(self, key: str) -> str:
        """Return one of its texts; empty if it is missing or no text."""
        given = self.raw.get(key)
        return given.strip() if isinstance(given, str) else ""


def operations(document: dict[str, Any], references: References, problems: Problems) -> Iterator[Operation]:
    """Yield the operations in the order of the document; one that is broken is told to ``problems`` and left out."""
    for path, item in document["paths"].items():
        if path.startswith("x-"):
            continue
        place = pointer("paths", path)
        try:
            yield from _of_path(path, references.objects(item), document, references, problems)
        except BadPart as bad:
            problems.add(place, f"left out: {bad}")


def _of_path(
    path: str, item: dict[str, Any], document: dict[str, Any], references: References, problems: Problems
) -> Iterator[Operation]:
    for method in METHODS:
        if method not in item:
            continue
        place = pointer("paths", path, method)
        try:
            yield _operation((method, path, place), item, document, references)
        except BadPart as bad:
            problems.add(place, f"left out: {bad}")


def _operation(
    which: tuple[str, str, str], item: dict[str, Any], document: dict[str, Any], references: References
) -> Operation:
    method, path, place = which
    raw = references.objects(item[method])
    parameters = {
        (parameter["in"], parameter["name"]): parameter
        for listed in (item.get("parameters"), raw.get("parameters"))
        for parameter in _parameters(listed, references)
    }
    return Operation(
        method=method.upper(),
        path=path,
        place=place,
        raw=raw,
        parameters=tuple(parameters.values()),
        servers=raw.get("servers") or item.get("servers"),
        security=raw.get("security", document.get("security")),
    )


def _parameters(listed: Any, references: References) -> Iterator[dict[str, Any]]:
    for given in listed if is_array(listed) else ():
        parameter = references.objects(given)
        if not isinstance(parameter.get("name"), str) or not isinstance(parameter.get("in"), str):
            raise BadPart('a parameter has no "name" and "in"; give it both')
        yield parameter


def media_types(described: Any) -> dict[str, dict[str, Any]]:
    """Return what a body or an answer is made of, by media type in lower case without parameters."""
    content = described.get("content") if is_object(described) else None
    listed = content if is_object(content) else {}
    return {
        name.split(";")[0].strip().lower(): media if is_object(media) else {}
        for name, media in reversed(listed.items())
    }
