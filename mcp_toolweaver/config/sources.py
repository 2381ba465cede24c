"""What a configuration comes to: settings, the sources to open, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mcp_toolweaver.config.problems import Problem, Problems
from mcp_toolweaver.config.settings import Settings

SERVER_KIND = "mcp_server"
"""The kind of every source that is an MCP server, whichever host's format it was written in."""

INVALID = "invalid"
"""The only key in the options of a source that cannot be opened; its value says why and how to mend it."""


def invalid_options(problems: Problems) -> dict[str, str]:
    """Return the options of a source with these problems; empty if there is none."""
    return {INVALID: problems.summary} if problems.found else {}


@dataclass(frozen=True, slots=True)
class SourceSpec:
    """A source of tools that the owner wants opened.

    The options of an MCP server (kind ``mcp_server``) always have one of two shapes::

        {"transport": "stdio", "command": str, "args": [str], "env": {str: str}, "cwd": str}
        {"transport": "http" | "sse", "url": str, "headers": {str: str}}

    ``cwd`` is there only where it was given, and so are ``connect_timeout`` and
    ``call_timeout`` (seconds). Other kinds have the options that the owner wrote, with a
    relative ``path`` made absolute.
    """

    name: str
    """Unique among the sources of a configuration."""
    kind: str
    """The entry point that opens it."""
    options: Mapping[str, Any]
    """What the entry point is given; just ``{"invalid": why}`` if the source cannot be opened."""
    origin: str
    """The key in the file that it was declared at: ``mcpServers.github``, ``sources[0]``."""
    domain: str | None = None
    """The domain of its tools, if the owner chose one."""

    @property
    def invalid(self) -> str | None:
        """Why it cannot be opened and how to mend that; None if it can be tried."""
        return self.options.get(INVALID)


@dataclass(frozen=True, slots=True)
class Configuration:
    """Everything the owner configured; usable however many problems there are."""

    settings: Settings
    sources: tuple[SourceSpec, ...]
    """In the order of the file: servers first, then the ``sources`` list."""
    problems: tuple[Problem, ...]
    path: Path | None
    """The file that was read, or was to be read; None if there was to be none."""
