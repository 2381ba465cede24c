"""Where the registry of MCP servers is."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from mcp_toolweaver.config.setting_types import Text

OFFICIAL = "https://registry.modelcontextprotocol.io"


class RegistrySettings(BaseModel):
    """What ``toolweaver registry`` and ``toolweaver add`` look in; nothing else asks it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: Text = OFFICIAL
    """The address of a registry, or a file or folder of entries that were downloaded."""
