"""Finds the plugin of a kind of source among the installed packages."""

from __future__ import annotations

from importlib.metadata import entry_points

from mcp_toolweaver.core.errors import ConfigurationError
from mcp_toolweaver.core.interfaces import SourceFactory

GROUP = "mcp_toolweaver.sources"


def kinds() -> list[str]:
    """Return the kinds of source that are installed."""
    return sorted(entry_points(group=GROUP).names)


def source_factory(kind: str) -> SourceFactory:
    """Import the plugin that is registered for a kind.

    Raises:
        ConfigurationError: there is none, or it cannot be imported.
    """
    for entry in entry_points(group=GROUP, name=kind):
        try:
            factory: SourceFactory = entry.load()
        except (ImportError, AttributeError) as error:
            raise ConfigurationError(f"the source plugin {kind!r} cannot be imported: {error}") from error
        return factory
    raise ConfigurationError(f"there is no source of kind {kind!r}; installed kinds: {', '.join(kinds())}")
