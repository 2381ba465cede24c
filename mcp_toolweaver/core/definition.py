"""A foreign tool definition to a `Tool`: repaired where that is harmless, refused where it is not."""

from __future__ import annotations

from typing import Any

from mcp_toolweaver.core.json_values import is_object
from mcp_toolweaver.core.scrub import scrub_json

_ANNOTATION_HINTS = ("readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint")


class MalformedTool(ValueError):
    """The definition cannot be used; the message says why, naming the tool if it has a name."""


def mend(raw: Any) -> dict[str, Any]:
    """Return the definition in the form of the MCP specification, a copy.

    Hidden characters are removed from every string. A missing or untyped schema becomes one
    of an object, ``parameters`` is read as ``inputSchema``, and optional parts of a wrong
    type are dropped.

    Raises:
        MalformedTool: it is no object, has no name, or its arguments are not an object.
    """
    if not is_object(raw):
        raise MalformedTool(f"a tool definition must be a JSON object, not {type(raw).__name__}")
    name = raw.get("name")
    if not isinstance(name, str) or not name.strip():
        raise MalformedTool("a tool definition has no name")
    try:
        definition = scrub_json(dict(raw))
    except (ValueError, RecursionError) as error:
        raise MalformedTool(f"tool {name[:80]!r} is {error}") from error
    if not definition["name"].strip():
        raise MalformedTool("a tool's name has no visible character")
    parameters = definition.pop("parameters", None)
    given = definition.get("inputSchema")
    definition["inputSchema"] = _mend_schema(parameters if given is None else given, name)
    return _without_wrong_parts(definition)


def _mend_schema(schema: Any, name: str) -> dict[str, Any]:
    if schema is None:
        return {"type": "object", "properties": {}}
    if not is_object(schema):
        raise MalformedTool(f"tool {name[:80]!r} has an inputSchema that is not a JSON object")
    mended = {"type": "object", **schema}
    if mended["type"] is None or mended["type"] == ["object"]:
        mended["type"] = "object"
    if mended["type"] != "object":
        raise MalformedTool(f"tool {name[:80]!r} takes {mended['type']!r} instead of an object of arguments")
    for key, kind in (("properties", dict), ("required", list)):
        if key in mended and not isinstance(mended[key], kind):
            del mended[key]
    return mended


def _without_wrong_parts(definition: dict[str, Any]) -> dict[str, Any]:
    kinds: dict[str, type] = {
        "title": str, "description": str, "outputSchema": dict, "annotations": dict, "icons": list, "_meta": dict
    }  # fmt: skip
    mended: dict[str, Any] = {
        key: value for key, value in definition.items() if isinstance(value, kinds.get(key, object))
    }
    annotations: dict[str, Any] = mended.get("annotations", {})
    for hint in _ANNOTATION_HINTS:
        if not isinstance(annotations.get(hint, False), bool):
            del annotations[hint]
    if not isinstance(annotations.get("title", ""), str):
        del annotations["title"]
    return mended
