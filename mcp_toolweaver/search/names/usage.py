"""How descriptions use a word: as a name, with a capital, or as a word."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from mcp_toolweaver.core.tools import Snapshot

_READ_OF_A_DESCRIPTION = 400
_SERVERS_THAT_MAY_USE_A_NAME = 0.02
_CAPITALS_OF_A_NAME = 4


class Usage:
    """How often each server's descriptions use some words, by form."""

    def __init__(self, snapshot: Snapshot, words: AbstractSet[str]) -> None:
        """Count the words in the first part of each description."""
        self._as_word: defaultdict[str, set[str]] = defaultdict(set)
        self._forms: Counter[tuple[str, str, bool]] = Counter()
        forms = frozenset(form for word in words for form in (word, word.upper(), word.capitalize()))
        self._most = max(1, int(len(snapshot.by_server) * _SERVERS_THAT_MAY_USE_A_NAME))
        for server, tools in snapshot.by_server.items():
            for tool in tools:
                said = tool.description[:_READ_OF_A_DESCRIPTION].split()
                for form in forms.intersection(said):
                    if _is_inside(said, form):
                        self._count(server, form)

    def _count(self, server: str, form: str) -> None:
        key = form.casefold()
        self._forms[server, key, form[0].isupper()] += 1
        if form.islower() or form.isupper():
            self._as_word[key].add(server)

    def is_word(self, word: str, servers: AbstractSet[str]) -> bool:
        """Whether other servers than these use it without a capital, or as an acronym."""
        using = self._as_word.get(word, set()) - servers
        return sum(word not in server.casefold() for server in using) > self._most

    def is_name(self, word: str, server: str) -> bool:
        """Whether a server uses it with a capital, and hardly ever without."""
        return self._forms[server, word, True] > _CAPITALS_OF_A_NAME * self._forms[server, word, False]


def _is_inside(said: Sequence[str], form: str) -> bool:
    """Whether the word stands first where no sentence begins."""
    place = said.index(form)
    return place > 0 and said[place - 1][-1] not in ".:!?"
