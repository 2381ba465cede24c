"""What a shell completes beside commands and options: names of the configuration, without starting anything."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

import typer

from mcp_toolweaver.core.tools import MCP_WORKER

if TYPE_CHECKING:
    from mcp_toolweaver.config import Configuration

_PLAIN = re.compile(r"[\w.@/+-]+")
"""Shells evaluate what they are given, and a configuration may be a stranger's that lies in the current folder."""


def server_names(context: typer.Context, incomplete: str) -> list[str]:
    """Return the servers and other sources that begin so."""
    return _beginning((source.name for source in _loaded(context).sources), incomplete)


def profile_names(context: typer.Context, incomplete: str) -> list[str]:
    """Return the profiles that begin so."""
    return _beginning(_loaded(context).settings.named_profiles, incomplete)


def domain_names(context: typer.Context, incomplete: str) -> list[str]:
    """Return the domains that begin so: those that sources are given, or are of by their names, and their names."""
    from mcp_toolweaver.text.domains import domain_of_server  # noqa: PLC0415

    sources = _loaded(context).sources
    domains = {source.domain or domain_of_server(source.name) or source.name for source in sources}
    return _beginning(domains.union(source.name for source in sources), incomplete)


def host_names(incomplete: str) -> list[str]:
    """Return the hosts that begin so."""
    from mcp_toolweaver.host_files.hosts import BY_NAME  # noqa: PLC0415

    return _beginning(BY_NAME, incomplete)


def kinds(incomplete: str) -> list[str]:
    """Return the kinds of tools that begin so."""
    return _beginning((MCP_WORKER, "function", "code_exec", "http"), incomplete)


def _loaded(context: typer.Context) -> Configuration:
    from mcp_toolweaver.cli.configuring import usual_configuration  # noqa: PLC0415
    from mcp_toolweaver.config import load  # noqa: PLC0415

    return load(context.params.get("config") or usual_configuration())


def _beginning(names: Iterable[str], incomplete: str) -> list[str]:
    begins = incomplete.casefold()
    return sorted(name for name in names if name.casefold().startswith(begins) and _PLAIN.fullmatch(name))
