"""YAML to JSON values, by the events of the parser and without recursion.

A composer of one's own, because that of the C parser recurses without a limit: 100 kB of ``[`` end the process.
Texts that look like dates stay texts, keys are texts, and an alias is the very object that its anchor names,
however often it is used; how much all of it would be when written out is limited ("billion laughs").
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from catalog_sources.openapi.problems import BadDocument

DEEPEST = 200
MOST_VALUES = 5_000_000
"""Values in the document, each counted as often as it is used. GitHub's has 300,000."""

_INTEGER = re.compile(r"[-+]?[0-9]{1,300}")
_OCTAL_OR_HEXADECIMAL = re.compile(r"0o[0-7]{1,100}|0x[0-9a-fA-F]{1,100}")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_WORDS: dict[str, Any] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip
_MERGE = "<<"


class _Open:
    """A mapping or a sequence whose end has not been seen."""

    __slots__ = ("anchor", "key", "size", "value")

    def __init__(self, value: Any, anchor: str | None) -> None:
        self.value: Any = value
        self.anchor = anchor
        self.key: str | None = None
        self.size = 1


class _Composer:
    def __init__(self, repeated: Callable[[str, int], None]) -> None:
        self._repeated = repeated
        self._open: list[_Open] = []
        self._anchors: dict[str, tuple[Any, int]] = {}
        self.document: Any = None

    def take(self, event: Any) -> None:
        """Take the next event of the parser."""
        line = event.start_mark.line + 1
        match type(event).__name__:
            case "ScalarEvent":
                self._put(_scalar(event), 1, event.anchor, line)
            case "MappingStartEvent" | "SequenceStartEvent":
                self._begin(event, line)
            case "MappingEndEvent" | "SequenceEndEvent":
                done = self._open.pop()
                self._put(done.value, done.size, done.anchor, line)
            case "AliasEvent":
                self._alias(event.anchor, line)
            case _:
                pass

    def _begin(self, event: Any, line: int) -> None:
        if len(self._open) >= DEEPEST:
            raise BadDocument(f"line {line}: it is nested more than {DEEPEST} levels deep; write it with fewer")
        if self._open and isinstance(self._open[-1].value, dict) and self._open[-1].key is None:
            raise BadDocument(f"line {line}: a key is no text; write a text before the colon")
        self._open.append(_Open({} if type(event).__name__ == "MappingStartEvent" else [], event.anchor))

    def _alias(self, name: str, line: int) -> None:
        if name not in self._anchors:
            raise BadDocument(
                f"line {line}: *{name} refers to nothing before it, or to itself; write what it stands for"
            )
        value, size = self._anchors[name]
        self._put(value, size, None, line)

    def _put(self, value: Any, size: int, anchor: str | None, line: int) -> None:
        """Put a value where the parser is: at a key, into a list, or as the document."""
        if anchor:
            self._anchors[anchor] = (value, size)
        if not self._open:
            self.document = value
            return
        parent = self._open[-1]
        parent.size += size
        if parent.size > MOST_VALUES:
            raise BadDocument(f"line {line}: written out it has more than {MOST_VALUES} values; use fewer aliases")
        if isinstance(parent.value, list):
            parent.value.append(value)  # pyright: ignore[reportUnknownMemberType]
        elif parent.key is None:
            parent.key = _key(value, line)
        else:
            self._set(parent, value, line)

    def _set(self, parent: _Open, value: Any, line: int) -> None:
        key, parent.key = parent.key or "", None
        if key == _MERGE and isinstance(value, dict):
            parent.value = {**value, **parent.value}
            return
        if key in parent.value:
            self._repeated(key, line)
        parent.value[key] = value


def compose(text: str, repeated: Callable[[str, int], None]) -> Any:
    """Return the value of a YAML document; of several documents in a file the last.

    Args:
        text: The document.
        repeated: Is told each key that is there twice in one mapping, with its line; the last one counts.

    Raises:
        BadDocument: it is not YAML, too deep or too large; the message names the line.
    """
    composer = _Composer(repeated)
    try:
        for event in YAML(typ="safe").parse(text):  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
            composer.take(event)
    except MarkedYAMLError as error:
        raise BadDocument(_where_wrong(error)) from error
    except (YAMLError, RecursionError) as error:
        raise BadDocument(f"it is not YAML: {' '.join(str(error).split())[:200]}") from error
    return composer.document


def _where_wrong(error: Any) -> str:
    line = f"line {error.problem_mark.line + 1}: " if error.problem_mark else ""
    return f"{line}it is not YAML: {error.problem}; correct it there"


def _key(value: Any, line: int) -> str:
    """Return a key as the text it is in JSON: the statuses of responses are often written as numbers."""
    if isinstance(value, dict | list):
        raise BadDocument(f"line {line}: a key is no text; write a text before the colon")
    if isinstance(value, bool):
        return str(value).lower()
    return "null" if value is None else str(value)


def _scalar(event: Any) -> Any:
    """Return what a scalar is by the core schema of YAML 1.2."""
    text: str = event.value
    if event.tag == "tag:yaml.org,2002:str" or not event.implicit[0]:
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    if _OCTAL_OR_HEXADECIMAL.fullmatch(text):
        return int(text, 0)
    return float(text) if _FLOAT.fullmatch(text) else text
