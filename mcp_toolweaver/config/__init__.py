"""The owner's configuration: settings, the sources to open, and what is wrong with it.

`load` reads one file, in the format that the owner's host already has (see `hosts`),
with two keys of our own beside it: ``toolweaver`` for settings, ``sources`` for tools
that are not behind MCP servers. It reads on after every mistake, so that a slip in one
entry never keeps the others from starting.
"""

from mcp_toolweaver.config.expose_settings import ExposeSettings
from mcp_toolweaver.config.loading import load
from mcp_toolweaver.config.problems import Problem
from mcp_toolweaver.config.settings import (
    DownstreamSettings,
    EmbeddingSettings,
    SearchSettings,
    Settings,
)
from mcp_toolweaver.config.sources import INVALID, SERVER_KIND, Configuration, SourceSpec

__all__ = [
    "INVALID",
    "SERVER_KIND",
    "Configuration",
    "DownstreamSettings",
    "EmbeddingSettings",
    "ExposeSettings",
    "Problem",
    "SearchSettings",
    "Settings",
    "SourceSpec",
    "load",
]
