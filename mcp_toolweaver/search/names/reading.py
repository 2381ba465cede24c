"""A text as runs of letters and digits and what stands between them: where identifiers show in prose."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

LONGEST_TEXT = 4_000

_RUN = re.compile(r"[A-Za-z0-9]+|[^\W_A-Za-z0-9]+")
_ASCII_RUN = re.compile(r"[a-z0-9]+")
_NO_WORD = re.compile(r"[\W_]+")
_ACCENTS = re.compile(r"[\u0300-\u036f]")
_JOINERS = "_-./:#~"
_LONGEST_JOINER = 3
_ENDS = re.compile(
    r"[,;!?\n\r()\[\]{}<>|&+`\u201c\u201d\u3001\u3002\uff0c]|[.:]\s|\s['\"]|['\"]\s|\s[-\u2013\u2014]\s|[-=]>"
)
_INNER_CAPITAL = re.compile(r"[a-z0-9][A-Z]")
_CASE_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+|[^\W_A-Za-z0-9]+")
_CONJUNCTIONS = frozenset(("and", "or", "then", "next", "finally", "afterwards", "plus", "before", "after", "also"))


@dataclass(slots=True)
class Run:
    """Letters and digits without a break."""

    key: str
    """Without case and accents."""
    raw: str
    gap: str
    """What stands between the run and the one before it."""


Runs: TypeAlias = Sequence[Run]


def read(text: str) -> list[Run]:
    """Return the runs of the first part of a text."""
    plain = _fold(text[:LONGEST_TEXT])[:LONGEST_TEXT]
    runs: list[Run] = []
    end = 0
    for match in _RUN.finditer(plain):
        raw = match.group()
        runs.append(Run(raw.casefold(), raw, plain[end : match.start()]))
        end = match.end()
    return runs


def keys_of(text: str) -> list[str]:
    """Return the runs of a short text without case and accents."""
    plain = _fold(text).casefold()
    return (_ASCII_RUN if plain.isascii() else _RUN).findall(plain)


def key_of(identifier: str) -> str:
    """Return what all spellings of an identifier have in common: its letters and digits."""
    return _NO_WORD.sub("", _fold(identifier)).casefold()


def joined(runs: Runs) -> str:
    """Return the key of an identifier that the runs spell."""
    return "".join([run.key for run in runs])


def case_parts(raw: str) -> list[str]:
    """Return the parts of an identifier that capitals, digits and separators mark, in lower case."""
    return [part.casefold() for part in _CASE_PART.findall(raw)]


def is_joined(run: Run) -> bool:
    """Whether the run continues the identifier, path or compound that the run before it belongs to."""
    return 0 < len(run.gap) <= _LONGEST_JOINER and not run.gap.strip(_JOINERS)


def chunks(runs: Runs) -> Iterator[Runs]:
    """Yield the runs that stand without white space between them."""
    start = 0
    for place in range(1, len(runs) + 1):
        if place == len(runs) or not is_joined(runs[place]):
            yield runs[start:place]
            start = place


def is_identifier(chunk: Runs) -> bool:
    """Whether a chunk is written as code is: with underscores, double colons or inner capitals."""
    if len(chunk) > 1 and is_snake(chunk):
        return True
    return any(not run.raw.islower() and _INNER_CAPITAL.search(run.raw) for run in chunk)


def is_snake(chunk: Runs) -> bool:
    """Whether underscores or double colons join a chunk."""
    return any("_" in run.gap or "::" in run.gap for run in chunk[1:])


def phrases(runs: Runs) -> Iterator[Runs]:
    """Yield the runs between punctuation marks and conjunctions."""
    start = 0
    for place, run in enumerate(runs):
        is_conjunction = run.key in _CONJUNCTIONS and not is_joined(run)
        if is_conjunction or (place > start and run.gap not in {" ", "_"} and _ENDS.search(run.gap)):
            if place > start:
                yield runs[start:place]
            start = place + is_conjunction
    if start < len(runs):
        yield runs[start:]


def _fold(text: str) -> str:
    return text if text.isascii() else _ACCENTS.sub("", unicodedata.normalize("NFKD", text))
