"""The public specifications that tests are run on, and small documents of the tests' own."""

from __future__ import annotations

import gzip
import json
from functools import cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

FOLDER = Path(__file__).parent / "specifications"

OPERATIONS = {
    "github.json": 1223,
    "discord.json": 242,
    "twilio_api.json": 197,
    "twilio_messaging.yaml": 58,
    "petstore.yaml": 19,
    "tictactoe.yaml": 3,
}
"""How many operations each has, deprecated ones included."""


def content(name: str) -> bytes:
    """Return a specification as it was published."""
    return gzip.decompress((FOLDER / f"{name}.gz").read_bytes())


@cache
def document(name: str) -> dict[str, Any]:
    """Return a specification, read by a parser that is not the one under test."""
    if name.endswith(".json"):
        return json.loads(content(name))  # type: ignore[no-any-return]
    plain: dict[str, Any] = json.loads(json.dumps(YAML(typ="safe", pure=True).load(content(name)), default=str))  # pyright: ignore[reportUnknownMemberType]
    return plain


def written(folder: Path, name: str) -> Path:
    """Write a specification into a folder and return its path."""
    path = folder / name
    path.write_bytes(content(name))
    return path


def small(paths: Any, *, version: str = "3.1.0", **rest: Any) -> dict[str, Any]:
    """Return a document with these paths."""
    return {"openapi": version, "info": {"title": "Small", "version": "1"}, "paths": paths, **rest}


def operation(*parameters: dict[str, Any], **rest: Any) -> dict[str, Any]:
    """Return an operation with these parameters."""
    return {"parameters": list(parameters), "responses": {"200": {"description": "Fine."}}, **rest}


def parameter(name: str, place: str = "query", schema: Any = None, **rest: Any) -> dict[str, Any]:
    """Return a parameter; one in the path is required."""
    required = {"required": True} if place == "path" else {}
    return {"name": name, "in": place, "schema": schema or {"type": "string"}, **required, **rest}
