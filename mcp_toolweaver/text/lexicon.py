"""The words of the tool domain in other languages, and what they are in English.

``lexicon.tsv`` has a row for each idea: the English words, then the forms of each language,
joined by ``|``. Read on the first text that needs it. Inflection is undone by stripping
endings from both sides, which is cruder than a stemmer, fast, and enough for a closed list.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from mcp_toolweaver.text.languages import LATIN, LONGEST_WORD, Language, fold

FILE = Path(__file__).with_name("lexicon.tsv")
WORD = re.compile(r"[^\W_]+")

_LEAST_STEM = 3
_ENDINGS: Mapping[Language, re.Pattern[str]] = {  # of at least three letters the longest ending is cut
    "es": re.compile(
        "(?:[aá]ndo|i[eé]ndo|ieron|aron|amos|emos|imos|[aei]rl[aeo]|[aei]rme|ad[ao]|id[ao]|aste|[aeiáéí][rn]?|ar|o|ó)s?$"
    ),
    "de": re.compile("(?:enden?|end|ten|est|er[ns]|e[mnrst]|te|[enst])$"),
    "fr": re.compile("(?:iss(?:ez|ons|ent)|antes?|ant|ent|ons|ée|er|ez|i[rst]|e|é)?[sx]?$"),
}
_PARTICIPLE = re.compile(
    "^(|ab|an|auf|aus|bei|bereit|ein|frei|herunter|hinzu|hoch|nach|um|weiter|zu|zusammen)ge(.{4,}[nt])$"
)


@dataclass(frozen=True, slots=True)
class Lexicon:
    """One language's forms."""

    language: Language
    forms: Mapping[str, str]
    """English by form: as listed, without its ending, and both without accents."""
    listed: frozenset[str]
    """The forms as listed, with and without accents."""
    longest: int
    """Of the forms: words in a language with spaces, characters in one without."""

    def english(self, form: str) -> str | None:
        """Return the English of a word or phrase in lower case, or None."""
        if any(len(word) > LONGEST_WORD for word in form.split(" ")):
            return None
        return next((self.forms[each] for each in _readings(form, self.language) if each in self.forms), None)


@cache
def lexicon(language: Language) -> Lexicon:
    """Return a language's lexicon; of two ideas with one form the first row's stays, and listed forms go first."""
    entries = [(english, _listed(english, form, language)) for english, form in _entries(language)]
    forms: dict[str, str] = {}
    for depth in range(max(len(readings) for _english, readings in entries)):
        for english, readings in entries:
            if depth < len(readings):
                forms.setdefault(readings[depth], english)
    listed = [readings[0] for _english, readings in entries]
    longest = max(form.count(" ") + 1 if language in LATIN else len(form) for form in listed)
    return Lexicon(language, forms, frozenset([*listed, *map(fold, listed)]), longest)


@cache
def english_words() -> frozenset[str]:
    """Return the English words of the lexicon, with their plurals: signs that a text is English."""
    words = {word for row in _rows() for word in row["english"].split(" ")}
    return frozenset(words | {f"{word}s" for word in words})


@lru_cache(maxsize=20_000)
def stem(word: str, language: Language) -> str:
    """Cut the ending of inflection, and the prefix of a German participle, so that three letters stay."""
    if language == "de":
        word = _PARTICIPLE.sub(r"\1\2", word)
    return word[:_LEAST_STEM] + _ENDINGS[language].sub("", word[_LEAST_STEM:])


def _listed(english: str, form: str, language: Language) -> Sequence[str]:
    """Return what a form is listed under; a loan from English only as it is, or "stars" would be a start."""
    return (form,) if form in english.split(" ") else tuple(_readings(form, language))


def _readings(form: str, language: Language) -> Iterator[str]:
    """Yield the form and what it may be looked up as, nearest first."""
    yield form
    if language in LATIN:
        yield " ".join(stem(word, language) for word in form.split(" "))
        plain = fold(form)
        if plain != form:
            yield plain
            yield " ".join(stem(word, language) for word in plain.split(" "))


def _entries(language: Language) -> Iterator[tuple[str, str]]:
    for row in _rows():
        for foreign in row[language].split("|"):
            form = " ".join(WORD.findall(foreign.casefold())) if language in LATIN else foreign
            if form:
                yield row["english"], unicodedata.normalize("NFC", form)


@cache
def _rows() -> tuple[Mapping[str, str], ...]:
    header, *lines = FILE.read_text(encoding="utf-8").splitlines()
    names = header.split("\t")
    return tuple(dict(zip(names, line.split("\t"), strict=True)) for line in lines)
