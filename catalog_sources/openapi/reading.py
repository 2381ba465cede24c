"""Bytes to a document: JSON or YAML, OpenAPI 3.0 or 3.1, or a message that says what is wrong and where."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from typing import Any

from catalog_sources.openapi.composing import compose
from catalog_sources.openapi.problems import BadDocument, Problems
from mcp_toolweaver import is_object

_SUPPORTED = re.compile(r"3\.[01]\.\d+")


def read_document(content: bytes, problems: Problems) -> dict[str, Any]:
    """Return the object at the top of an OpenAPI document.

    Args:
        content: The file as it is, in UTF-8.
        problems: Takes keys that appear twice in one object, of which the last counts.

    Raises:
        BadDocument: it cannot be read, or is no OpenAPI 3.0 or 3.1 with paths.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadDocument(f"it is not UTF-8 (byte {error.start + 1}); save it with the encoding UTF-8") from error
    if not text.strip():
        raise BadDocument("it is empty; write an OpenAPI document into it, or name another")
    document = _json(text, problems) if text.lstrip()[0] in "{[" else _yaml(text, problems)
    return _checked(document)


def _json(text: str, problems: Problems) -> Any:
    def build(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(pairs)
        if len(made) != len(pairs):
            _tell_repeated([key for key, _ in pairs], problems)
        return made

    try:
        return json.loads(text, object_pairs_hook=build)
    except json.JSONDecodeError as error:
        with suppress(BadDocument):
            return _yaml(text, problems)  # which may begin with a brace, too
        where = f"line {error.lineno}, column {error.colno}"
        raise BadDocument(f"{where}: it is not JSON: {error.msg}; correct it there") from error
    except (ValueError, RecursionError) as error:
        raise BadDocument(f"it cannot be read as JSON: it has a number or a nesting beyond reason ({error})") from error


def _tell_repeated(keys: list[str], problems: Problems) -> None:
    for key in {key for key in keys if keys.count(key) > 1}:
        problems.add(f"the key {key[:80]!r}", "is there twice in one object; the last one counts; remove the others")


def _yaml(text: str, problems: Problems) -> Any:
    def repeated(key: str, line: int) -> None:
        place = f"line {line}, the key {key[:80]!r}"
        problems.add(place, "is there twice in one mapping; the last one counts; remove the others")

    return compose(text, repeated)


def _checked(document: Any) -> dict[str, Any]:
    if not is_object(document):
        raise BadDocument("it is no OpenAPI document: at the top there must be an object with openapi, info and paths")
    if "swagger" in document:
        raise BadDocument(
            f"it is Swagger {document['swagger']}, which is not read; convert it to OpenAPI 3 first, "
            "for example with swagger2openapi"
        )
    version = document.get("openapi")
    if not isinstance(version, str) or not _SUPPORTED.fullmatch(version):
        raise BadDocument(f'its version is {version!r}; OpenAPI 3.0 and 3.1 are read, which say so as openapi: "3.1.0"')
    if not is_object(document.get("paths")) or not document["paths"]:
        raise BadDocument("it has no paths, so there is nothing to call; add operations under paths")
    return document
