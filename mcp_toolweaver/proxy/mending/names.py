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
    if takes_any_name(schema):
        return dict(given)
    known = Counter(map(_plain, properties))
    meant = {_plain(name): name for name in properties if known[_plain(name)] == 1 and name not in given}
    unknown = Counter(_plain(name) for name in given if name not in properties)
    return {
        meant[_plain(name)]
        if name not in properties and unknown[_plain(name)] == 1 and _plain(name) in meant
        else name: value
        for name, value in given.items()
    }


def takes_any_name(schema: Mapping[str, Any]) -> bool:
    """Whether the schema says of parameters without a name what they are; saying nothing is not that."""
    return "patternProperties" in schema or schema.get("additionalProperties", False) is not False


def _plain(name: str) -> str:
    return _SEPARATORS.sub("", name).casefold()
