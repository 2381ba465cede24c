"""Values as OpenAPI writes them in paths, queries, headers, cookies and forms; all but unreserved characters encoded.

See OpenAPI 3.1, section 4.8.12 ("Style Values"), which is RFC 6570 for the styles that have a counterpart there.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import quote

from mcp_toolweaver import InvalidArguments, is_array, is_object

_SEPARATORS = {"form": ",", "spaceDelimited": "%20", "pipeDelimited": "%7C"}


def encoded(text: str) -> str:
    """Return a text with everything but letters, digits and ``-._~`` percent-encoded (RFC 3986, section 2.3)."""
    try:
        return quote(text, safe="")
    except UnicodeEncodeError as error:
        raise InvalidArguments(f"{text[:40]!r} has half a character (a lone surrogate); leave it out") from error


def text_of(value: Any) -> str:
    """Return a single value as text: a text as it is, everything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def in_path(style: str, name: str, value: Any, *, explode: bool) -> str:
    """Return a value as it stands in a path: ``simple``, ``label`` or ``matrix``."""
    if style == "matrix":
        return _matrix(encoded(name), value, explode=explode)
    items = _items(value, explode=explode)
    if style == "label":
        return "." + ("." if explode else ",").join(items)
    return ",".join(items)


def _matrix(name: str, value: Any, *, explode: bool) -> str:
    if explode and is_object(value):
        return "".join(f";{item}" for item in _items(value, explode=True))
    if explode and is_array(value):
        return "".join(f";{name}={item}" for item in _items(value, explode=True))
    return f";{name}={','.join(_items(value, explode=False))}"


def in_query(style: str, name: str, value: Any, *, explode: bool) -> Iterator[str]:
    """Yield the ``name=value`` pairs of a value in a query or a form."""
    if style == "deepObject" and isinstance(value, dict | list):
        yield from _deep(name, value)
    elif explode and is_object(value):
        yield from _items(value, explode=True)
    elif explode and is_array(value):
        yield from (f"{encoded(name)}={item}" for item in _items(value, explode=True))
    else:
        separator = _SEPARATORS.get(style, ",")
        yield f"{encoded(name)}={separator.join(_items(value, explode=False))}"


def in_header(value: Any, *, explode: bool) -> str:
    """Return a value as the ``simple`` style writes it in a header, where nothing is encoded."""
    if is_object(value):
        pairs = [(key, text_of(item)) for key, item in value.items()]
        return ",".join(f"{key}={item}" if explode else f"{key},{item}" for key, item in pairs)
    return ",".join(map(text_of, value)) if is_array(value) else text_of(value)


def _items(value: Any, *, explode: bool) -> Iterable[str]:
    """Return the encoded items of a list, of an object (``key=value``, or key and value in turn), or of one value."""
    if is_array(value):
        return [encoded(text_of(item)) for item in value]
    if not is_object(value):
        return [encoded(text_of(value))]
    pairs = [(encoded(key), encoded(text_of(item))) for key, item in value.items() if item is not None]
    return [f"{key}={item}" for key, item in pairs] if explode else [part for pair in pairs for part in pair]


def _deep(name: str, value: Any) -> Iterator[str]:
    """Yield ``name[key]=value``, as deep as the value is; items of lists repeat the name."""
    if is_object(value):
        for key, item in value.items():
            yield from _deep(f"{name}[{key}]", item)
    elif is_array(value):
        for item in value:
            yield from _deep(f"{name}[]" if isinstance(item, dict | list) else name, item)
    elif value is not None:
        yield f"{encoded(name)}={encoded(text_of(value))}"
