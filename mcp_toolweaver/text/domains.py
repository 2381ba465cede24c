"""Which known domain a name or a question is about, by the products that it names.

The table is ``domains.txt``. A domain is open-ended: a server that is of no known one is its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FILE = Path(__file__).with_name("domains.txt")

_LONGEST_TEXT = 4_000
_LONGEST_NAME = 200
_MOST_PARTS = 5
"""Of a product's name: ``Amazon-Web-Services``, ``k8s`` as three."""
_RUN = re.compile(r"[A-Za-z0-9]+")
_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_AFFIXES = frozenset(
    (  # noqa: SIM905  a list of words reads best as words
        "mcp server servers api apis official community remote local my our the prod production dev staging test v"
    ).split(" ")
)
"""What stands around a product's name in the name of its server."""


@dataclass(frozen=True, slots=True)
class _Table:
    """The domain of each product, by the letters and digits of its name."""

    anywhere: Mapping[str, str]
    whole: Mapping[str, str]
    """Of the names that count alone only."""


def domain_of_server(name: str) -> str | None:
    """Return the known domain of a server of that name; None if the name shows none."""
    parts = _parts(name)
    key = "".join(_without_affixes(parts))
    return _table().whole.get(key) or next(_found(parts), None)


def domain_of_tool(name: str) -> str | None:
    """Return the known domain of the product that a tool's name begins with, before it says more; None if none."""
    parts = _parts(name)
    longest = min(_MOST_PARTS, len(parts) - 1)
    begins = ("".join(parts[:length]) for length in range(longest, 0, -1))
    return next((_table().anywhere[key] for key in begins if key in _table().anywhere), None)


def domains_in(text: str) -> tuple[str, ...]:
    """Return the known domains of the products that a text names, each once, in their order."""
    words = [run.casefold() for run in _RUN.findall(text[:_LONGEST_TEXT])]
    return tuple(dict.fromkeys(_found(words)))


def _found(parts: Sequence[str]) -> Iterator[str]:
    """Yield the domain of each product that some parts in a row spell, the longest at each place."""
    known = _table().anywhere
    for start in range(len(parts)):
        ends = range(min(start + _MOST_PARTS, len(parts)), start, -1)
        spelled = next((key for key in ("".join(parts[start:end]) for end in ends) if key in known), None)
        if spelled is not None:
            yield known[spelled]


def _parts(name: str) -> list[str]:
    """Return the parts of an identifier that capitals, digits and separators mark, in lower case."""
    return [part.casefold() for part in _PART.findall(name[:_LONGEST_NAME])]


def _without_affixes(parts: Sequence[str]) -> Sequence[str]:
    start, end = 0, len(parts)
    while start < end and _is_affix(parts[start]):
        start += 1
    while end > start and _is_affix(parts[end - 1]):
        end -= 1
    return parts[start:end]


def _is_affix(part: str) -> bool:
    return part in _AFFIXES


@cache
def _table() -> _Table:
    lines = FILE.read_text(encoding="utf-8").splitlines()
    rows = [line.split() for line in lines if line and not line.startswith("#")]
    pairs = [(name, domain) for domain, *names in rows for name in names]
    return _Table(
        anywhere={name: domain for name, domain in pairs if not name.startswith("=")},
        whole={name[1:]: domain for name, domain in pairs if name.startswith("=")},
    )
