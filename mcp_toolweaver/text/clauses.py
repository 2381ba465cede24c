"""A question of several needs, taken apart: cheap, offline, and for any text.

Sentences are split where they end, clauses at commas and at words such as "and" and "then".
A piece that says too little to stand alone joins its neighbour, so that "title, body and
labels" stays what it is: part of one clause.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from mcp_toolweaver.text.query_terms import content_terms

MOST_CLAUSES = 12
_LEAST_TERMS = 2
_SENTENCE_END = re.compile(
    r"(?<=[.!?;])\s+|(?<=[\u3002\uff01\uff1f\uff1b])|\s[-\u2013\u2014]{1,2}\s|(?<=:)\s+|\s*\b\d{1,2}[.)]\s+"
)
_LINE_END = re.compile(r"[\n\r]+")
_SPACES = re.compile(r"[^\S\n\r]+")
_JOINT = re.compile(
    r",\s+(?:(?:and|then|or)\s+)*"
    r"|\s+(?:and\s+then|and\s+also|as\s+well\s+as|and|then|also|plus|after\s+that|afterwards|before)\s+"
    r"|[\uff0c\u3001]|\u7136\u540e|\u5e76\u4e14|\u305d\u308c\u304b\u3089",
    re.IGNORECASE,
)


def clauses(text: str) -> tuple[str, ...]:
    """Return the clauses of a text, each once and at most 12; none if it is a single one."""
    lines = (line.strip() for line in _LINE_END.split(_SPACES.sub(" ", text)))
    sentences = (sentence for line in lines for sentence in _SENTENCE_END.split(line) if sentence.strip())
    pieces = [piece for sentence in sentences for piece in _joined(_JOINT.split(sentence))]
    found = tuple(dict.fromkeys(_joined(pieces)))
    return found[:MOST_CLAUSES] if len(found) > 1 else ()


def _joined(pieces: Iterable[str]) -> list[str]:
    """Let each piece of fewer than two terms join the one before it, and a small first one the second."""
    kept: list[str] = []
    for piece in (piece.strip(" ,.") for piece in pieces):
        if kept and (_is_small(piece) or (len(kept) == 1 and _is_small(kept[0]))):
            kept[-1] = f"{kept[-1]}, {piece}" if piece else kept[-1]
        elif piece:
            kept.append(piece)
    return kept


def _is_small(piece: str) -> bool:
    return len(set(content_terms(piece))) < _LEAST_TERMS
