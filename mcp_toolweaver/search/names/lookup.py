"""Tools by what their names spell."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

from mcp_toolweaver.core.tools import Snapshot, Tool
from mcp_toolweaver.search.names.aliases import Alias
from mcp_toolweaver.search.names.reading import key_of, keys_of

Tools: TypeAlias = tuple[Tool, ...]

_MOST_COMPLETIONS = 3
_MOST_READ = 200
_SHORTEST_PREFIX = 4
_SHORTEST_BARE = 3
_LONGEST_NAME = 128
_KINDS = ("mcp", "api", "tool", "tools")


class Lookup:
    """The tools of a catalog by the keys of their names, and of their titles within their server."""

    def __init__(self, snapshot: Snapshot, aliases: Mapping[str, Alias]) -> None:
        """Write down all keys; a title counts beside its server's name only, since anybody may write any title."""
        self._anywhere: defaultdict[str, list[Tool]] = defaultdict(list)
        self._bare: defaultdict[str, list[Tool]] = defaultdict(list)
        self._within: dict[str, defaultdict[str, list[Tool]]] = {}
        redundant = _redundant(snapshot, aliases)
        for server, tools in snapshot.by_server.items():
            self._within[server] = defaultdict(list)
            for tool in tools:
                self._add(tool, redundant[server])
        for tool in snapshot.tools.values():
            title, keys = key_of(tool.title[:_LONGEST_NAME]), self._within[tool.id.server]
            if title and not any(known is tool for known in keys[title]):
                keys[title].append(tool)
        self._keys = sorted(self._anywhere)
        self._by_length = _by_length(self._keys)

    def keys(self, shortest: int, longest: int) -> list[str]:
        """Return the keys of all names of a length."""
        return [key for length in range(shortest, longest + 1) for key in self._by_length.get(length, ())]

    def anywhere(self, key: str) -> Tools:
        """Return the tools of all servers that go by a key."""
        return tuple(self._anywhere.get(key, ()))

    def bare(self, key: str) -> Tools:
        """Return the tools that go by a key once their name is rid of the server's."""
        return tuple(self._bare.get(key, ()))

    def within(self, servers: Iterable[str], key: str) -> Tools:
        """Return the tools of some servers that go by a key, with or without the server's name in it."""
        return tuple(tool for server in servers for tool in self._within[server].get(key, ()))

    def completed(self, prefix: str) -> Tools:
        """Return the tools whose name begins with a prefix that few names share."""
        if len(prefix) < _SHORTEST_PREFIX:
            return ()
        start = bisect_left(self._keys, prefix)
        end = bisect_left(self._keys, prefix + "\U0010ffff", start)
        return tuple(tool for key in _few(self._keys[start:end][:_MOST_READ]) for tool in self._anywhere[key])

    def completed_within(self, servers: Iterable[str], prefix: str) -> Tools:
        """Return the tools of some servers whose name begins with a prefix that few of their names share."""
        if not prefix:
            return ()
        keys = {key for server in servers for key in self._within[server] if key.startswith(prefix)}
        return tuple(tool for key in _few(sorted(keys)) for tool in self.within(servers, key))

    def _add(self, tool: Tool, redundant: set[str]) -> None:
        name = tool.id.name[:_LONGEST_NAME]
        runs = keys_of(name)
        key = "".join(runs)
        bare = "".join([run for run in runs if run not in redundant])
        self._anywhere[key].append(tool)
        self._within[tool.id.server][key].append(tool)
        called = key_of(tool.callable_name)
        if called != key:
            self._anywhere[called].append(tool)
        if bare != key and len(bare) >= _SHORTEST_BARE and not bare.isdigit():
            self._bare[bare].append(tool)
            self._within[tool.id.server][bare].append(tool)


def _few(keys: Sequence[str]) -> Sequence[str]:
    """Return all of the keys if they are few, the shortest if the others only continue it, else none."""
    ordered = sorted(keys, key=len)
    if len(ordered) <= _MOST_COMPLETIONS:
        return ordered
    return ordered[:1] if all(key.startswith(ordered[0]) for key in ordered) else ()


def _by_length(keys: Iterable[str]) -> dict[int, list[str]]:
    found: defaultdict[int, list[str]] = defaultdict(list)
    for key in keys:
        found[len(key)].append(key)
    return found


def _redundant(snapshot: Snapshot, aliases: Mapping[str, Alias]) -> dict[str, set[str]]:
    """Return the words that say nothing in a tool's name, given its server."""
    found = {server: {*keys_of(server), key_of(server), *_KINDS} for server in snapshot.by_server}
    for key, alias in aliases.items():
        for server in alias.owners:
            found[server].add(key)
    return found
