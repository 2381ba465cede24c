"""What German does to words that a list cannot hold: compounds, and verbs that come apart."""

from __future__ import annotations

from collections.abc import Sequence

from mcp_toolweaver.text.languages import LONGEST_WORD
from mcp_toolweaver.text.lexicon import Lexicon

_PARTICLES = frozenset(
    (  # noqa: SIM905  a list of words reads best as words
        "ab an auf aus bei bereit ein fest frei herunter hinzu hoch nach runter um vor weiter zu zurück zusammen"
    ).split(" ")
)
_LEAST_FRONT = 3
_LEAST_HEAD = 4
_LEAST_HEAD_ALONE = 5
_LINKS = ("", "s", "es", "n", "en", "e")


def with_particle(words: list[str], known: Lexicon) -> list[str]:
    """Join a verb with its particle at the end: "lade die Datei hoch" holds "hochladen"."""
    particle = words[-1].casefold() if words else ""
    if particle in _PARTICLES:
        for position, word in enumerate(words[:-1]):
            if known.english(joined := particle + word.casefold()):
                return [*words[:position], joined, *words[position + 1 : -1]]
    return words


def compound(word: str, known: Lexicon) -> str | None:
    """Return the English of both parts of a noun, or of its last part, which says what it is; None for another word."""
    if not word[:1].isupper() or len(word) > LONGEST_WORD:
        return None
    lower = word.casefold()
    heads = _heads(lower, known)
    for cut, head in heads:
        front = _front(lower[:cut], known)
        if front is not None:
            return f"{front} {head}"
    return next((head for cut, head in heads if len(lower) - cut >= _LEAST_HEAD_ALONE), None)


def _heads(word: str, known: Lexicon) -> Sequence[tuple[int, str]]:
    """Return where a known word begins that goes to the end, and its English; the longest first."""
    cuts = range(_LEAST_FRONT, len(word) - _LEAST_HEAD + 1)
    return [(cut, english) for cut in cuts if (english := known.english(word[cut:])) is not None]


def _front(part: str, known: Lexicon) -> str | None:
    bare = (part.removesuffix(link) for link in _LINKS)
    return next((english for each in bare if (english := known.english(each)) is not None), None)
