"""Which domain each tool belongs to: what can be searched, counted and sharded by itself.

What is said counts first, then what shows: the owner's choice for the source, what the source says
of a tool, the product that the server's name names, the products that the names of its tools begin
with. A server that shows nothing is a domain of its own, so that there is no end of domains.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from mcp_toolweaver.core.tools import Tool, ToolId
from mcp_toolweaver.text.domains import domain_of_server, domain_of_tool

GENERAL = "general"
"""The domain of tools that no server is named for."""

Detection: TypeAlias = Literal["configured", "server name", "tool names", "own server", "no server"]
"""How a domain was found; ``configured`` by the owner, or said by the source."""


@dataclass(frozen=True, slots=True)
class DomainCount:
    """How many tools a domain has, on which servers, and how it was found there."""

    domain: str
    tools: int
    servers: Mapping[str, int]
    """The number of its tools by server, most first."""
    detected: tuple[Detection, ...]


def with_domains(tools: Sequence[Tool], configured: str | None = None) -> tuple[Tool, ...]:
    """Return the tools of a source, each in its domain; ``configured`` is the owner's choice for all of them."""
    if configured is not None:
        return tuple(replace(tool, domain=configured) for tool in tools)
    open_ones = [tool for tool in tools if not _is_said(tool)]
    found = {id_: domain for server in _by_server(open_ones).values() for id_, domain in _detected(server).items()}
    return tuple(_inside(tool, found.get(tool.id, tool.domain)) for tool in tools)


def count_domains(tools: Iterable[Tool]) -> list[DomainCount]:
    """Return the domains of the tools, largest first."""
    inside: dict[str, list[Tool]] = {}
    for tool in tools:
        inside.setdefault(tool.domain, []).append(tool)
    counts = [_count(domain, each) for domain, each in inside.items()]
    return sorted(counts, key=lambda count: (-count.tools, count.domain))


def _is_said(tool: Tool) -> bool:
    return tool.domain not in {"", tool.id.server}


def _inside(tool: Tool, domain: str) -> Tool:
    return tool if tool.domain == domain else replace(tool, domain=domain)


def _by_server(tools: Iterable[Tool]) -> dict[str, list[Tool]]:
    servers: dict[str, list[Tool]] = {}
    for tool in tools:
        servers.setdefault(tool.id.server, []).append(tool)
    return servers


def _detected(tools: Sequence[Tool]) -> dict[ToolId, str]:
    """Return the domain of each of the tools, which are of one server."""
    server = tools[0].id.server
    known = domain_of_server(server)
    if known is not None:
        return dict.fromkeys((tool.id for tool in tools), known)
    own = server or GENERAL
    led = {tool.id: domain_of_tool(tool.id.name) for tool in tools}
    times = Counter(domain for domain in led.values() if domain is not None)
    domain, most = times.most_common(1)[0] if times else (own, 0)
    if 2 * most > len(tools):
        return dict.fromkeys(led, domain)
    is_mixed = len(times) > 1
    return {id_: (is_mixed and domain) or own for id_, domain in led.items()}


def _count(domain: str, tools: Sequence[Tool]) -> DomainCount:
    by_server = _by_server(tools)
    sizes = sorted(((server, len(each)) for server, each in by_server.items()), key=lambda pair: (-pair[1], pair[0]))
    ways: list[Detection] = [_how(domain, server, by_server[server]) for server, _size in sizes]
    return DomainCount(domain, len(tools), dict(sizes), tuple(dict.fromkeys(ways)))


def _how(domain: str, server: str, tools: Sequence[Tool]) -> Detection:
    """Return how the tools of a server came into a domain."""
    if domain_of_server(server) == domain:
        return "server name"
    if domain == (server or GENERAL):
        return "own server" if server else "no server"
    return "tool names" if any(domain_of_tool(tool.id.name) == domain for tool in tools) else "configured"
