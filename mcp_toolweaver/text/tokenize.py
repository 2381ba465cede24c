"""Text to terms, the same for tools and for queries.

Identifiers are split on case, underscores and punctuation, and kept whole as well where
case splits them, so that "GitHub" meets both "github" and "git hub". Words lose their
accents and are stemmed (Snowball, English); runs of Chinese, Japanese and Korean
characters, which have no spaces, become overlapping pairs of characters.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from collections.abc import Iterator
from functools import cache, lru_cache
from itertools import chain
from typing import Any

_WORD = re.compile(r"[^\W_]+")
_CASE_PART = re.compile(r"[A-Z]{2,}s(?![a-z])|[A-Z]+[0-9]*(?=[A-Z][a-z])|[A-Z]?[a-z0-9]+|[A-Z0-9]+")
_CJK = re.compile(r"([\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uac00-\ud7af]+)")
_ACCENTS = re.compile(r"[\u0300-\u036f]")
_MANY_MARKS = re.compile(r"([^\w\s]{32})[^\w\s]+")
_LONGEST_TERM = 64

STOP_WORDS = frozenset(
    (  # noqa: SIM905  a list of words reads best as words
        "a about an and any are as at be been but by can could do does for from had has have how i if in into is it "
        "its just like me my need of on or our please should so some tell than that the their them then there these "
        "they this those to us use using want was we were what when where which who will with would you your"
    ).split(" ")
)

_stemmer_lock = threading.Lock()  # the stemmer keeps the word it works on in itself


def tokenize(text: str) -> list[str]:
    """Return the terms of a text in their order, stop words left out.

    A text of nothing but stop words keeps them, so that no query of words ends up empty.
    """
    words: list[str] = _WORD.findall(_composed(text))
    kept = list(chain.from_iterable(map(_kept, words)))
    return kept or [term for word in words for term in _terms(word) if len(term) <= _LONGEST_TERM]


def _kept(word: str) -> tuple[str, ...]:
    """Return the stems of what a word is made of, stop words left out."""
    return _kept_of_known(word) if len(word) <= _LONGEST_TERM else _stems(word)


def _stems(word: str) -> tuple[str, ...]:
    return tuple(stem(term) for term in _terms(word) if len(term) <= _LONGEST_TERM and term not in STOP_WORDS)


_kept_of_known = lru_cache(maxsize=65_536)(_stems)
"""Catalogs repeat few words often."""


def _terms(word: str) -> Iterator[str]:
    if word.isascii() and word.islower():
        yield word  # as most are, and taking it apart would change nothing
    else:
        yield from _word_parts(word)


def _word_parts(word: str) -> Iterator[str]:
    for piece in _CJK.split(word):
        if _CJK.match(piece):
            yield from _pairs(piece)
        elif piece:
            yield from _identifier_parts(piece)


def _composed(text: str) -> str:
    """Return the text with its characters composed; of marks in a row 32, as it takes quadratic time in them."""
    return text if text.isascii() else unicodedata.normalize("NFKC", _MANY_MARKS.sub(r"\1", text))


def _pairs(run: str) -> Iterator[str]:
    if len(run) == 1:
        yield run
    for start in range(len(run) - 1):
        yield run[start : start + 2]


def _identifier_parts(word: str) -> Iterator[str]:
    plain = _ACCENTS.sub("", unicodedata.normalize("NFKD", word))
    parts = _CASE_PART.findall(plain) if plain.isascii() else [plain]
    if len(parts) > 1:
        yield plain.casefold()
    for part in parts:
        yield part.casefold()


@lru_cache(maxsize=200_000)
def stem(term: str) -> str:
    """Return the stem of a word in small letters, by the English Snowball stemmer."""
    with _stemmer_lock:
        return str(_stemmer().stemWord(term))


@cache
def _stemmer() -> Any:
    import snowballstemmer  # noqa: PLC0415  brings the stemmers of all languages

    return snowballstemmer.stemmer("english")  # pyright: ignore[reportUnknownMemberType]
