"""A path template and values to the address of a request, which no value can lead anywhere else.

Each value is checked, then encoded; each segment is checked once it is whole; and the address is compared with its
base once it is built. Values with slashes are refused, because servers and proxies decode ``%2F`` at different times.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote, unquote

from catalog_sources.openapi.bases import Base
from catalog_sources.openapi.bindings import Binding
from catalog_sources.openapi.problems import BadPart
from catalog_sources.openapi.serializing import in_path, text_of
from mcp_toolweaver import InvalidArguments, is_array, is_object

_PLACEHOLDER = re.compile(r"\{([^{}/]+)\}")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_LITERAL = "/:@!$&'()*+,;=~-._"


def checked_template(path: str, names: set[str]) -> str:
    """Return a path template that addresses can be made of, its fixed characters encoded.

    Raises:
        BadPart: it could lead out of the API, or a placeholder has no parameter.
    """
    if not path.startswith("/") or any(character in path for character in "?#\\"):
        raise BadPart(f"the path {path[:120]!r} must begin with / and have no ?, # or backslash")
    missing = [name for name in _PLACEHOLDER.findall(path) if name not in names]
    if missing:
        raise BadPart(f"the path has {{{missing[0]}}}, and no parameter in path has that name; add one")
    literal = _PLACEHOLDER.sub("x", path)
    if "{" in literal or "}" in literal or _CONTROL.search(literal):
        raise BadPart(f"the path {path[:120]!r} has a brace or a control character that belongs to nothing")
    *segments, last = literal.split("/")[1:]
    if "" in segments or any(unquote(segment) in {".", ".."} for segment in [*segments, last]):
        raise BadPart(f"the path {path[:120]!r} has empty or dotted segments")
    return path


def path_of(template: str, bindings: Sequence[Binding], arguments: Mapping[str, Any]) -> str:
    """Return the path for these arguments, with as many segments as the template has.

    Raises:
        InvalidArguments: a value is missing, or could be read as more than a value.
    """
    by_name = {binding.name: binding for binding in bindings if binding.place == "path"}
    segments = [_segment(segment, by_name, arguments) for segment in template.split("/")[1:]]
    return "/" + "/".join(segments)


def assert_within(base: Base, url: Any, template: str) -> None:
    """Check that a built address is one of the API, and has the segments of its template.

    Args:
        base: What all addresses begin with.
        url: The address as the client has it, an ``httpx2.URL``.
        template: The path it was made of.

    Raises:
        InvalidArguments: it is not. No way is known to bring this about.
    """
    raw_path = url.raw_path.decode("ascii").split("?")[0]
    segments = raw_path.removeprefix(base.path).count("/")
    if not base.covers(url.scheme, url.host, url.port, raw_path) or segments != template.count("/"):
        raise InvalidArguments(f"the arguments lead out of {base}; nothing was sent")


def _segment(template: str, by_name: Mapping[str, Binding], arguments: Mapping[str, Any]) -> str:
    parts: list[str] = []
    at = 0
    for match in _PLACEHOLDER.finditer(template):
        parts += [_fixed(template[at : match.start()]), _value(by_name[match.group(1)], arguments)]
        at = match.end()
    segment = "".join([*parts, _fixed(template[at:])])
    if at and unquote(segment) in {"", ".", ".."}:
        raise InvalidArguments(f"{segment!r} is no name in a path; nothing was sent. Give the value that is meant.")
    return segment


def _fixed(text: str) -> str:
    return quote(unquote(text), safe=_LITERAL)


def _value(binding: Binding, arguments: Mapping[str, Any]) -> str:
    value = arguments.get(binding.argument)
    for part in _parts(value):
        _check(binding, part)
    if value is None or value in ([], {}):
        raise InvalidArguments(f"{binding.argument!r} is part of the path and must have a value; nothing was sent")
    rendered = text_of(value) if binding.as_json else value
    return in_path(binding.style, binding.name, rendered, explode=binding.explode)


def _parts(value: Any) -> list[str]:
    """Return every text that a value puts into the path."""
    if is_object(value):
        return [part for key, item in value.items() for part in (key, text_of(item))]
    return [text_of(item) for item in value] if is_array(value) else [text_of(value)]


def _check(binding: Binding, text: str) -> None:
    """Refuse what a server could read as more than one segment, however often it decodes it."""
    for reading in _readings(text):
        segments = re.split(r"[/\\]", reading)
        has_slash = len(segments) > 1
        if "\\" in reading or _CONTROL.search(reading) or (has_slash and not binding.slashes):
            _refuse(binding, "has a slash, a backslash or a control character")
        if any(segment.split(";")[0].strip() in {"", ".", ".."} for segment in segments):
            _refuse(binding, "is empty, or has a part that is empty, . or ..")


def _readings(text: str) -> list[str]:
    """Return a text, and what it is when it is decoded once and twice."""
    once = unquote(text)
    return [text, once, unquote(once)]


def _refuse(binding: Binding, why: str) -> None:
    where = f"{binding.argument!r} {why}"
    raise InvalidArguments(f"{where}, which a path cannot have; nothing was sent. Give a plain name or number.")
