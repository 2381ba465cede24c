"""Corrects a slip of the pen in the words that names are made of."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import islice, product

from mcp_toolweaver.search.names.reading import Run, Runs, case_parts
from mcp_toolweaver.text.closeness import is_one_off

_SHORTEST = 3
_LONGEST = 24
_MOST_CANDIDATES = 6
_MOST_READINGS = 36
_MOST_UNKNOWN = 3


class Spelling:
    """Knows words, and which known words differ from another word in one letter."""

    def __init__(self, words: Iterable[str], others: Iterable[str] = ()) -> None:
        """Learn the words, and others that need no correction and are none."""
        of_names = frozenset(words)
        self._words = of_names.union(others)
        self._by_shortened: defaultdict[str, list[str]] = defaultdict(list)
        for word in of_names:
            if _SHORTEST <= len(word) <= _LONGEST:
                for shortened in _shortened(word):
                    self._by_shortened[shortened].append(word)

    def knows(self, word: str) -> bool:
        """Whether the word needs no correction."""
        return word in self._words or word.isdigit()

    def corrections(self, runs: Runs) -> Iterator[Runs]:
        """Yield the runs with each unknown word replaced by a known one; nothing if all are known or one has none."""
        unknown = sum(not self.knows(run.key) for run in runs)
        if not 0 < unknown <= _MOST_UNKNOWN:
            return
        choices = [[run.key] if self.knows(run.key) else self._choices(run) for run in runs]
        for keys in islice(product(*choices), _MOST_READINGS):
            yield [Run(key, key, run.gap) for key, run in zip(keys, runs, strict=True)]

    def _choices(self, run: Run) -> list[str]:
        near = self._near(run.key)
        parts = case_parts(run.raw)
        if near or len(parts) < 2:  # noqa: PLR2004  one part is the run itself
            return near
        of_parts = [[part] if self.knows(part) else self._near(part) for part in parts]
        return ["".join(some) for some in islice(product(*of_parts), _MOST_CANDIDATES)]

    def _near(self, word: str) -> list[str]:
        """Return the known words at a distance of one: a letter more, less, other, or two in the wrong order."""
        if not _SHORTEST - 1 <= len(word) <= _LONGEST:
            return []
        shortened = _shortened(word)
        near = {known for part in (word, *shortened) for known in self._by_shortened.get(part, ())}
        near |= {known for known in shortened if len(known) >= _SHORTEST and known in self._words}
        close = [known for known in near if is_one_off(word, known)]
        return sorted(close, key=lambda known: (known[0] != word[0], known))[:_MOST_CANDIDATES]


def _shortened(word: str) -> set[str]:
    """Return the word without each one of its letters."""
    return {word[:place] + word[place + 1 :] for place in range(len(word))}
