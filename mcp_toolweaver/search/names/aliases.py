"""What the servers of a catalog, and the brands inside them, are called in prose."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from mcp_toolweaver.core.tools import Snapshot, ToolId
from mcp_toolweaver.search.names.reading import case_parts, key_of, keys_of, read
from mcp_toolweaver.search.names.usage import Usage
from mcp_toolweaver.search.names.words import AFFIXES, FILLER, ORDINARY

_FEWEST_OF_A_BRAND = 3
_SHORTEST_PART = 3
_READ_OF_A_NAME = 64
_MOST_SERVERS = 8


@dataclass(slots=True)
class Alias:
    """A name that servers, or groups of tools inside a server, go by."""

    servers: set[str] = field(default_factory=set[str])
    brand: set[ToolId] = field(default_factory=set[ToolId])
    """The tools that begin with the name, where it is that of a part of a server."""
    is_ordinary: bool = False
    """Whether the name is a word that requests use for what it means."""
    needs_capital: bool = False
    """Whether the name is a part of longer ones, and no product's name by itself."""

    @property
    def owners(self) -> set[str]:
        """The servers that hold the tools which the name stands for."""
        return self.servers or {id_.server for id_ in self.brand}

    @property
    def is_shared(self) -> bool:
        """Whether so many servers go by the name that it says little."""
        return len(self.servers) > _MOST_SERVERS


def aliases_of(snapshot: Snapshot) -> dict[str, Alias]:
    """Return the aliases by their keys."""
    words = {server: _trimmed(keys_of(server)) for server in snapshot.by_server}
    brands = _brands(snapshot, words)
    usage = Usage(
        snapshot, {*brands, *("".join(each) for each in words.values()), *(w for ws in words.values() for w in ws)}
    )
    found: defaultdict[str, Alias] = defaultdict(Alias)
    for server, parts in words.items():
        for key in {key_of(server), "".join(parts), _without_affixes_by_case(server)} - {""}:
            found[key].servers.add(server)
    whole = frozenset(found)
    _add_parts(found, words, usage)
    for key, tools in brands.items():
        if key not in found and usage.is_name(key, tools[0].server):
            found[key].brand.update(tools)
    for key, alias in found.items():
        alias.is_ordinary = key in ORDINARY or key in FILLER or usage.is_word(key, alias.owners)
        alias.needs_capital = key not in whole and not all(usage.is_name(key, server) for server in alias.owners)
    return dict(found)


def _add_parts(found: defaultdict[str, Alias], words: Mapping[str, Sequence[str]], usage: Usage) -> None:
    """Let a word stand for every server whose name has it beside other words, unless it is an ordinary one."""
    for server, parts in words.items():
        for part in parts if len(parts) > 1 else ():
            if len(part) >= _SHORTEST_PART and not _is_ordinary(part) and not usage.is_word(part, {server}):
                found[part].servers.add(server)


def _without_affixes_by_case(server: str) -> str:
    """Return the key of a name such as ``BaseballApi`` without the last word."""
    key = "".join(_trimmed([part for run in read(server) for part in case_parts(run.raw)]))
    return key if len(key) > _SHORTEST_PART else ""


def _trimmed(words: Sequence[str]) -> list[str]:
    """Return the words of a server's name without those that many servers' names have around them."""
    start, end = 0, len(words)
    while start < end and _is_affix(words[start]):
        start += 1
    while end > start and _is_affix(words[end - 1]):
        end -= 1
    return list(words[start:end] or words)


def _is_affix(word: str) -> bool:
    return word in AFFIXES or (word[0] == "v" and word[1:].isdigit())


def _brands(snapshot: Snapshot, words: Mapping[str, Sequence[str]]) -> dict[str, list[ToolId]]:
    """Return the tools that bear a word which three tools of one server begin with, and none of another server."""
    first: defaultdict[str, Counter[str]] = defaultdict(Counter)
    bearing: defaultdict[tuple[str, str], list[ToolId]] = defaultdict(list)
    for id_ in snapshot.tools:
        runs = keys_of(id_.name[:_READ_OF_A_NAME])
        first[runs[0] if len(runs) > 1 else ""][id_.server] += 1
        for run in set(runs):
            bearing[id_.server, run].append(id_)
    return {
        word: bearing[server, word]
        for word, servers in first.items()
        if len(servers) == 1 and word and not _is_ordinary(word)
        for server, count in servers.items()
        if count >= _FEWEST_OF_A_BRAND and word not in words[server]
    }


def _is_ordinary(word: str) -> bool:
    return word in ORDINARY or word in FILLER or word in AFFIXES or word.isdigit()
