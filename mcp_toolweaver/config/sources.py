"""What a configuration comes to: settings, the sources to open, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from mcp_toolweaver.config.problems import Problem, Problems
from mcp_toolweaver.config.settings import Settings
from mcp_toolweaver.core.policy import SourcePolicy

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
        {"transport": "http" | "sse", "url": str, "headers": {str: str}}  # and "auth"

    ``cwd`` is there only where it was given, and so are ``connect_timeout`` and
    ``call_timeout`` (seconds), and ``max_frame_bytes``. Other kinds have the options that the owner wrote, with a
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
    own: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """What the owner chose for it alone, by the names of the fields of `SourcePolicy`."""
    prefix: bool | str = True
    """What its tools are called by before their own names: its name, nothing, or this text."""
    resources: bool = True
    """Whether its resources are offered."""
    prompts: bool = True
    """Whether its prompts are offered."""

    @property
    def invalid(self) -> str | None:
        """Why it cannot be opened and how to mend that; None if it can be tried."""
        return self.options.get(INVALID)

    def policy(self, settings: Settings) -> SourcePolicy:
        """Return how it is treated: as its owner chose for it, else for all.

        What is not a server is always open: it costs nothing, and a file may be another one by now.
        """
        prefix = {True: None, False: ""}.get(self.prefix, self.prefix) if isinstance(self.prefix, bool) else self.prefix
        offered: dict[str, Any] = {"prefix": prefix, "resources": self.resources, "prompts": self.prompts}
        policy = replace(settings.downstream.policy, **self.own, **offered)
        return policy if self.kind == SERVER_KIND else replace(policy, start="eager")


@dataclass(frozen=True, slots=True)
class Configuration:
    """Everything the owner configured; usable however many problems there are."""

    settings: Settings
    sources: tuple[SourceSpec, ...]
    """In the order of the file: servers first, then the ``sources`` list."""
    problems: tuple[Problem, ...]
    path: Path | None
    """The file that was read, or was to be read; None if there was to be none."""
