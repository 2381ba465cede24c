"""An API made of nothing but its specification: it routes, reads and checks requests, and answers with examples.

It shares no code with the source under test: what is sent by one reading of OpenAPI is understood by another.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, unquote_plus

from mcp_toolweaver.core.json_values import is_array, is_object
from tests.openapi.judge import complaint
from tests.openapi.recorder import Arrived, Reply
from tests.openapi.values import at, value_for

METHODS = ("get", "put", "post", "delete", "patch", "head", "options")


@dataclass
class Understood:
    """One request as the specification reads it."""

    method: str
    template: str
    parameters: dict[tuple[str, str], Any] = field(default_factory=dict[tuple[str, str], Any])
    """By place and name; texts, or lists and objects of them."""
    body: Any = None
    complaints: list[str] = field(default_factory=list[str])


class Api:
    """The API; ``prefix`` is what comes before its paths."""

    def __init__(self, document: dict[str, Any], prefix: str = "") -> None:
        self.document = _modern(document)
        self.prefix = prefix
        self.understood: list[Understood] = []
        self._routes = sorted(
            (_route(path) for path in self.document["paths"]), key=lambda route: (route[0], route[1].pattern)
        )

    def answer(self, arrived: Arrived) -> Reply:
        """Answer as the specification says, and keep what was understood."""
        route = self._routed(arrived)
        if route is None:
            return Reply(404, b"no such path", "text/plain")
        template, texts = route
        item = self.at(self.document["paths"][template])
        operation = item.get(arrived.method.lower())
        if operation is None:
            return Reply(405, b"no such method", "text/plain")
        understood = Understood(arrived.method, template)
        listed = {(p["in"], p["name"]): p for one in (item, operation) for p in map(self.at, one.get("parameters", []))}
        for parameter in listed.values():
            self._read(parameter, arrived, texts, understood)
        self._read_body(operation, arrived, understood)
        self.understood.append(understood)
        return (
            Reply(422, json.dumps(understood.complaints).encode())
            if understood.complaints
            else self._example(operation)
        )

    def _routed(self, arrived: Arrived) -> tuple[str, dict[str, str]] | None:
        path = arrived.path.removeprefix(self.prefix)
        for _, pattern, template, names in self._routes:
            match = pattern.fullmatch(path)
            if match and arrived.method.lower() in self.at(self.document["paths"][template]):
                return template, dict(zip(names, match.groups(), strict=True))
        return None

    def at(self, value: Any) -> Any:
        """Return a value, or what it refers to."""
        while is_object(value) and "$ref" in value:
            value = at(self.document, value["$ref"])
        return value

    def _read(self, parameter: Any, arrived: Arrived, texts: dict[str, str], understood: Understood) -> None:
        place, name = parameter["in"], parameter["name"]
        schema = self.at(parameter.get("schema") or next(iter(parameter["content"].values()))["schema"])
        found = self._raw(schema, parameter, arrived, texts)
        if "content" in parameter and found is not None:
            found = json.loads(found)
        if found is None:
            if parameter.get("required") and name.lower() not in {"accept", "authorization"}:
                understood.complaints.append(f"{place} {name} is missing")
            return
        understood.parameters[place, name] = found
        if not self._fits(found, schema):
            understood.complaints.append(f"{place} {name}: {found!r} does not fit")

    def _raw(self, schema: Any, parameter: Any, arrived: Arrived, texts: dict[str, str]) -> Any:
        place, name = parameter["in"], parameter["name"]
        kind = self.kind(schema)
        if place == "path":
            return [unquote(part) for part in texts[name].split(",")] if kind == "array" else unquote(texts[name])
        if place == "header":
            value = arrived.header(name.lower())
            text = None if value is None else value.encode("latin-1").decode()
            return text.split(",") if text is not None and kind == "array" else text
        pairs = _pairs(arrived.query)
        if parameter.get("style") == "deepObject" and kind == "object":
            inner = {
                match.group(1): text
                for key, text in pairs
                if (match := re.fullmatch(re.escape(name) + r"\[(.*)\]", unquote(key)))
            }
            return {key: unquote(text) for key, text in inner.items()} or None
        values = [text for key, text in pairs if unquote(key) == name]
        if kind != "array":
            return unquote(values[0]) if values else None
        if parameter.get("explode", True):
            return list(map(unquote, values)) or None
        return [unquote(part) for part in values[0].split(",")] if values else None

    def kind(self, schema: Any) -> str:
        """Return the type of a schema."""
        schema = self.at(schema)
        for key in ("allOf", "oneOf", "anyOf"):
            if "type" not in schema and schema.get(key):
                return self.kind(schema[key][0])
        kind = schema.get("type", "string")
        return str(next(one for one in kind if one != "null") if is_array(kind) else kind)

    def _fits(self, found: Any, schema: Any) -> bool:
        return any(complaint(schema, reading, self.document) is None for reading in _readings(found))

    def _read_body(self, operation: Any, arrived: Arrived, understood: Understood) -> None:
        described = self.at(operation.get("requestBody"))
        if not described:
            return
        kind = (arrived.header("content-type") or "").split(";")[0]
        if not arrived.body and not kind:
            if described.get("required"):
                understood.complaints.append("the body is missing")
            return
        media = described["content"].get(kind) or next(
            (m for k, m in described["content"].items() if k.startswith(kind)), None
        )
        if media is None:
            understood.complaints.append(f"a body of {kind} is not taken")
            return
        understood.body = self._body(kind, media, arrived)
        wrong = complaint(media.get("schema", True), understood.body, self.document) if kind.endswith("json") else None
        if wrong:
            understood.complaints.append(f"body: {wrong}")

    def _body(self, kind: str, media: Any, arrived: Arrived) -> Any:
        if kind.endswith("json"):
            return json.loads(arrived.body)
        if kind == "application/x-www-form-urlencoded":
            return _grouped(
                [(unquote_plus(k), unquote_plus(v)) for k, v in _pairs(arrived.body.decode())], media["schema"], self
            )
        if kind == "multipart/form-data":
            return _grouped(_fields(arrived), media["schema"], self)
        return arrived.body.decode(errors="replace")

    def _example(self, operation: Any) -> Reply:
        for status, response in operation["responses"].items():
            if not str(status).startswith("2"):
                continue
            for kind, media in self.at(response).get("content", {}).items():
                if "json" in kind and "schema" in media:
                    return Reply(
                        int(str(status).replace("X", "0")),
                        json.dumps(value_for(media["schema"], self.document, 1)).encode(),
                    )
            return Reply(int(str(status).replace("X", "0")), b"", None)
        return Reply(200, b"", None)


def _grouped(pairs: list[tuple[str, str]], schema: Any, api: Api) -> dict[str, Any]:
    """Return the fields of a form, those that are lists by the schema as lists."""
    properties = api.at(schema).get("properties", {})
    found: dict[str, Any] = {}
    for name, text in pairs:
        if name in properties and api.kind(properties[name]) == "array":
            found.setdefault(name, []).append(text)
        else:
            found[name] = text
    return found


def _fields(arrived: Arrived) -> list[tuple[str, str]]:
    """Return the names and contents of a multipart form (RFC 7578)."""
    boundary = (arrived.header("content-type") or "").partition("boundary=")[2]
    found: list[tuple[str, str]] = []
    for part in arrived.body.decode().split(f"--{boundary}")[1:-1]:
        head, _, content = part.removesuffix("\r\n").partition("\r\n\r\n")
        match = re.search(r'name="([^"]*)"', head)
        assert match, head
        found.append((match.group(1), content))
    return found


def _pairs(query: str) -> list[tuple[str, str]]:
    """Return names and values as they were sent, still encoded."""
    return [(name, value) for name, _, value in (pair.partition("=") for pair in query.split("&") if pair)]


def _route(path: str) -> tuple[int, re.Pattern[str], str, list[str]]:
    """Return a path as a pattern, those with more fixed characters first."""
    names = re.findall(r"\{([^}]+)\}", path)
    pattern = "".join(
        "([^/]+?)" if part.startswith("{") else re.escape(part) for part in re.split(r"(\{[^}]+\})", path)
    )
    fixed = re.sub(r"\{[^}]+\}", "", path)
    return -len(fixed), re.compile(pattern), path, names


def _readings(found: Any) -> list[Any]:
    """Return what texts may be: themselves, or what they are as JSON."""
    if is_array(found):
        return [[_json(item) for item in found], found]
    if is_object(found):
        return [{key: _json(item) for key, item in found.items()}, found]
    return [_json(found), found]


def _json(text: Any) -> Any:
    try:
        return json.loads(text)
    except (ValueError, TypeError):
        return text


def _modern(value: Any) -> Any:
    """Return a document with schemas of 3.0 in the words of 3.1, where they mean the same in both."""
    if is_array(value):
        return [_modern(item) for item in value]
    if not is_object(value):
        return value
    made = {key: _modern(item) for key, item in value.items()}
    if made.get("enum") == []:
        del made["enum"]  # Discord's has some, which nothing meets
    if made.get("nullable") is True and isinstance(made.get("type"), str):
        made["type"] = [made["type"], "null"]
        if isinstance(made.get("enum"), list):
            made["enum"] = [*made["enum"], None]
    elif made.get("nullable") is True and ("$ref" in made or "allOf" in made or "anyOf" in made or "oneOf" in made):
        del made["nullable"]
        made = {"anyOf": [made, {"type": "null"}]}
    return made
