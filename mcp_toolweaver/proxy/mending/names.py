"""Parameters whose names are right but for their spelling: ``filePath`` for ``file_path``."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

_SEPARATORS = re.compile(r"[\s_-]+")


def renamed(schema: Mapping[str, Any], properties: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments with each unknown name replaced by the one parameter that is spelled alike.

    Nothing is replaced where any name may be meant, nor where two could be, nor by one that is given too.
    """
    unknown = {name: _plain(name) for name in given if name not in properties}
    if not unknown or not properties or takes_any_name(schema):
        return dict(given)
    asked = Counter(unknown.values())
    known = {name: _plain(name) for name in properties}
    spelled = Counter(known.values())
    meant = {plain: name for name, plain in known.items() if spelled[plain] == 1 and name not in given}
    return {meant.get(unknown[name], name) if _is_one(name, unknown, asked) else name: given[name] for name in given}


def _is_one(name: str, unknown: Mapping[str, str], asked: Mapping[str, int]) -> bool:
    return name in unknown and asked[unknown[name]] == 1


def takes_any_name(schema: Mapping[str, Any]) -> bool:
    """Whether the schema says of parameters without a name what they are; saying nothing is not that."""
    return "patternProperties" in schema or schema.get("additionalProperties", False) is not False


def _plain(name: str) -> str:
    return _SEPARATORS.sub("", name).casefold()
