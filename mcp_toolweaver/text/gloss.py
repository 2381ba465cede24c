"""A query in another language to English words, for search in tools that are described in English.

Spanish, German, French, Chinese and Japanese; no model, a list of words only. The result is
a gloss, not a translation: content words in their order, names and numbers as they are.

Spanish, German or French has to show itself, by a function word or by a letter outside ASCII:
"crear factura" stays as it is. Bare keywords are most often the name of a tool, and many of those
("git diff", "define") look like words of another language; no lexicon is read for them either.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import TypeAlias

from mcp_toolweaver.text.german import compound, with_particle
from mcp_toolweaver.text.languages import (
    ENGLISH,
    HAN_OR_KANA,
    KANA,
    LATIN,
    Language,
    is_function_word,
    is_hint,
    is_own,
    marks,
)
from mcp_toolweaver.text.lexicon import WORD, Lexicon, english_words, lexicon

Piece: TypeAlias = tuple[str, bool]
"""A part of a gloss, and whether the lexicon had it."""

_MOST_CHARACTERS = 4_000
_LEAST_SHARE = 0.25
"""Of the words, those that speak for a language: less is a language that is not covered."""
_LEAST_SHARE_OF_KEYWORDS = 0.5
"""The same for a text without a function word of any language, by listed forms alone."""
_LEAST_KNOWN = 2
"""Of the words, where English shares every function word ("die", "la")."""
_TOKEN = re.compile(r"\w+(?:[-'\u2019./:@]\w+)*")
_IDENTIFIER = re.compile(r"[\d_/@.:]|[a-z][A-Z]")
_RUN = re.compile(rf"({HAN_OR_KANA.pattern}+)")


def gloss(text: str) -> str | None:
    """Return the text in English words, or None if it is English already or nothing in it is known."""
    shown = unicodedata.normalize("NFKC", text[:_MOST_CHARACTERS])
    if HAN_OR_KANA.search(shown):
        return _gloss_without_spaces(shown)
    tokens = _TOKEN.findall(shown)
    words = [word for token in tokens if not _IDENTIFIER.search(token) for word in WORD.findall(token.casefold())]
    language = _language(words)
    if language is None:
        return None
    known = lexicon(language)
    flat = [part for token in tokens for part in ([token] if _IDENTIFIER.search(token) else WORD.findall(token))]
    pieces = list(_glossed(with_particle(flat, known) if language == "de" else flat, known))
    return _join(pieces) if _is_certain(words, known) or _is_whole(pieces) else None


def _is_certain(words: Sequence[str], known: Lexicon) -> bool:
    """Whether a text shows its language: by a letter, a function word of its own, a phrase, or two other words."""
    if _has_phrase(words, known) or any(not word.isascii() or is_own(word, known.language) for word in words):
        return True
    hints = {word for word in words if is_hint(word, known.language)}
    return len(hints) >= _LEAST_KNOWN or _own(sorted({*words}), known, as_listed=True) >= _LEAST_KNOWN


def _has_phrase(words: Sequence[str], known: Lexicon) -> bool:
    spans = ((at, at + length) for length in range(2, known.longest + 1) for at in range(len(words) - length + 1))
    return any(" ".join(words[start:end]) in known.listed for start, end in spans)


def _is_whole(pieces: Sequence[Piece]) -> bool:
    """Whether every word was known, names apart, and more than one was."""
    known = sum(is_known for _piece, is_known in pieces)
    return known >= _LEAST_KNOWN and all(
        is_known or piece[0].isupper() or _IDENTIFIER.search(piece) for piece, is_known in pieces
    )


def _language(words: Sequence[str]) -> Language | None:
    """Return the language whose words outnumber the English ones, or None."""
    english = sum(word in ENGLISH for word in words)
    scores = {language: marks(words, language) for language in LATIN}
    if english > max(scores.values()):
        return None
    if not any(not word.isascii() or any(is_hint(word, language) for language in LATIN) for word in words):
        return None  # nearly every English query ends here or above, before the lexicon is needed
    marked = [language for language in LATIN if scores[language]]
    for language in marked or LATIN:
        scores[language] += _own(words, lexicon(language), as_listed=not marked)
    best = max(LATIN, key=lambda language: scores[language])
    english += sum(word in english_words() and not _is_of(word, lexicon(best)) for word in words)
    least = _LEAST_SHARE if marked else _LEAST_SHARE_OF_KEYWORDS
    return best if scores[best] > english and scores[best] >= max(1, least * len(words)) else None


def _own(words: Sequence[str], known: Lexicon, *, as_listed: bool) -> int:
    """Return how many words the lexicon has that are not English words as well."""
    rare = (word for word in words if word not in english_words() and not is_function_word(word, known.language))
    return sum(word in known.listed or (not as_listed and known.english(word) is not None) for word in rare)


def _is_of(word: str, known: Lexicon) -> bool:
    return is_function_word(word, known.language) or known.english(word) is not None


def _glossed(words: Sequence[str], known: Lexicon) -> Iterator[Piece]:
    position = 0
    while position < len(words):
        here = words[position : position + known.longest]
        length, piece = (1, _name(here[0], known)) if _is_name(here[0], position, known) else _next(here, known)
        if piece is not None:
            yield piece
        position += length


def _is_name(word: str, position: int, known: Lexicon) -> bool:
    """Whether a word is to stay: an identifier, or capital where only names are."""
    return bool(_IDENTIFIER.search(word)) or (position > 0 and word[0].isupper() and known.language != "de")


def _name(word: str, known: Lexicon) -> Piece:
    """Return the name, or the English of a word that is listed just so; names have no endings to cut."""
    english = known.forms.get(word.casefold())
    return (english, True) if english else (word, False)


def _next(words: Sequence[str], known: Lexicon) -> tuple[int, Piece | None]:
    """Return how many of the words were read, and what they are; None for a word that says nothing."""
    lower = [word.casefold() for word in words]
    says_nothing = is_function_word(lower[0], known.language)
    for length in range(len(words), 1 if says_nothing else 0, -1):
        english = known.english(" ".join(lower[:length]))
        if english is not None:
            return length, (english, True)
    return 1, None if says_nothing else _unlisted(words[0], known)


def _unlisted(word: str, known: Lexicon) -> Piece:
    english = compound(word, known) if known.language == "de" else None
    return (english, True) if english else (word, False)


def _gloss_without_spaces(text: str) -> str | None:
    words = WORD.findall(_RUN.sub(" ", text).casefold())
    english = sum(word in ENGLISH or word in english_words() for word in words)
    if len(HAN_OR_KANA.findall(text)) <= 2 * english:
        return None
    languages: tuple[Language, ...] = ("ja",) if KANA.search(text) else ("zh", "ja")
    glosses = [list(_segments(text, lexicon(language))) for language in languages]
    return _join(max(glosses, key=lambda pieces: sum(known for _piece, known in pieces)))


def _segments(text: str, known: Lexicon) -> Iterator[Piece]:
    """Yield what the lexicon has, by longest match, and what is written in Latin letters as it is."""
    for piece in _RUN.split(text):
        if HAN_OR_KANA.match(piece):
            yield from _matches(piece, known)
        else:
            yield from ((token, False) for token in _TOKEN.findall(piece))


def _matches(run: str, known: Lexicon) -> Iterator[Piece]:
    position = 0
    while position < len(run):
        lengths = range(min(known.longest, len(run) - position), 0, -1)
        length = next((length for length in lengths if run[position : position + length] in known.forms), 0)
        if length:
            yield known.forms[run[position : position + length]], True
        position += length or 1


def _join(pieces: Sequence[Piece]) -> str | None:
    """Join the pieces, each once; None if the lexicon had none of them."""
    known = any(is_known for _piece, is_known in pieces)
    return " ".join(dict.fromkeys(piece for piece, _is_known in pieces)) if known else None
