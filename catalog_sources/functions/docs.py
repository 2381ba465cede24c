"""What a docstring says of a function and of its parameters, in the style of Google, NumPy or Sphinx."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

_PARAMETERS = r"args|arguments|parameters|params|keyword args|keyword arguments|other parameters"
_OTHERS = (
    r"returns?|yields?|raises|examples?|notes?|warnings?|warns|attributes|see also|references|todo|methods|receives"
)
_GOOGLE = re.compile(rf"(?i)^(?:(?P<parameters>{_PARAMETERS})|{_OTHERS}):\s*$")
_NUMPY = re.compile(rf"(?i)^(?:(?P<parameters>{_PARAMETERS})|{_OTHERS})\s*$")
_UNDERLINE = re.compile(r"^-{3,}\s*$")
_SPHINX = re.compile(r"^:(?P<what>\w+)(?:\s+(?P<rest>[^:]+))?:\s*(?P<text>.*)$")
_GOOGLE_ENTRY = re.compile(r"^\s+\*{0,2}(?P<name>\w+)\s*(?:\([^)]*\))?\s*:\s*(?P<text>.*)$")
_NUMPY_ENTRY = re.compile(r"^\*{0,2}(?P<names>\w+(?:\s*,\s*\*{0,2}\w+)*)\s*(?::.*)?$")


@dataclass(frozen=True, slots=True)
class Docs:
    """A docstring, as far as it describes a tool."""

    description: str = ""
    """All before the first section, its paragraphs kept apart."""
    parameters: dict[str, str] = field(default_factory=dict[str, str])
    """Descriptions by the parameter's name."""


def read_docs(docstring: str | None) -> Docs:
    """Return what a docstring says; of one in no known style all of it is the description."""
    lines = inspect.cleandoc(docstring or "").splitlines()
    starts = [index for index, _ in enumerate(lines) if _is_start(lines, index)]
    description = "\n".join(lines[: starts[0] if starts else None]).strip()
    found: dict[str, str] = {}
    for start, end in pairwise([*starts, len(lines)]):
        found.update(_entries(lines[start:end]))
    return Docs(description, {name: text for name, text in found.items() if text})


def _is_start(lines: Sequence[str], index: int) -> bool:
    line = lines[index]
    return bool(_GOOGLE.match(line) or _SPHINX.match(line)) or _is_numpy(lines[index : index + 2])


def _is_numpy(lines: Sequence[str]) -> bool:
    return len(lines) > 1 and bool(_NUMPY.match(lines[0]) and _UNDERLINE.match(lines[1]))


def _entries(section: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield the parameters that a section describes; of a section about something else, none."""
    first = section[0]
    if sphinx := _SPHINX.match(first):
        names = (sphinx["rest"] or "").split()
        if sphinx["what"] in {"param", "parameter", "arg", "argument", "keyword"} and names:
            yield names[-1].lstrip("*"), _joined([sphinx["text"], *section[1:]])
    elif _is_numpy(section[:2]):
        if (numpy := _NUMPY.match(first)) and numpy["parameters"]:
            yield from _numpy_entries(section[2:])
    elif (google := _GOOGLE.match(first)) and google["parameters"]:
        yield from _google_entries(section[1:])


def _google_entries(lines: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield the entries: what is indented like the first begins one, what is deeper goes on."""
    depth = next((_depth(line) for line in lines if line.strip()), 0)
    name, texts = "", list[str]()
    for line in lines:
        entry = _GOOGLE_ENTRY.match(line) if _depth(line) <= depth else None
        if entry:
            yield name, _joined(texts)
            name, texts = entry["name"], [entry["text"]]
        else:
            texts.append(line)
    yield name, _joined(texts)


def _numpy_entries(lines: Sequence[str]) -> Iterator[tuple[str, str]]:
    names, texts = list[str](), list[str]()
    for line in lines:
        entry = _NUMPY_ENTRY.match(line)
        if entry:
            yield from ((name, _joined(texts)) for name in names)
            names, texts = [name.strip().lstrip("*") for name in entry["names"].split(",")], []
        else:
            texts.append(line)
    yield from ((name, _joined(texts)) for name in names)


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip())


def _joined(texts: Sequence[str]) -> str:
    """Return lines as the one paragraph that they are; what is behind an empty line is left out."""
    kept = list[str]()
    for text in texts:
        if not text.strip() and kept:
            break
        if text.strip():
            kept.append(text.strip())
    return " ".join(kept)
