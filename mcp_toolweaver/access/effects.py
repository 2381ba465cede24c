"""What a call of a tool does to the world, as its owner says, or else as the tool says of itself."""

from __future__ import annotations

from collections.abc import Mapping

from mcp_toolweaver.core.access import Effect, Profile
from mcp_toolweaver.core.patterns import is_any
from mcp_toolweaver.core.tools import Tool

_MARKS: Mapping[Effect, str] = {
    "read": "it is marked readOnlyHint",
    "write": "it is marked destructiveHint: false",
    "destructive": "it is not marked readOnlyHint, or destructiveHint: false",
}


class Effects:
    """Tells the effect of each tool.

    Without a word of the owner it is that of the tool's annotations, with the defaults of the MCP specification
    (schema, "ToolAnnotations"): what says nothing of itself may be destructive.
    """

    def __init__(self, overrides: Mapping[str, Effect]) -> None:
        """Take the first of the owner's patterns that is a tool's; see `mcp_toolweaver.core.access.Rules.tools`."""
        self._overrides = overrides

    def replace(self, overrides: Mapping[str, Effect]) -> None:
        """Go by other patterns from now on."""
        self._overrides = overrides

    def of(self, tool: Tool) -> Effect:
        """Return the effect of a call."""
        return self._of_owner(tool) or _marked(tool)

    def why(self, tool: Tool) -> str:
        """Return where that comes from, for people."""
        given = self._of_owner(tool)
        return "its owner says so" if given is not None else _MARKS[_marked(tool)]

    def permits(self, profile: Profile, tool: Tool) -> bool:
        """Whether calls of the tool are made in a profile."""
        return self.of(tool) in profile.effects

    def _of_owner(self, tool: Tool) -> Effect | None:
        names = (tool.callable_name, str(tool.id))
        for pattern, effect in self._overrides.items():
            if any(is_any(name, (pattern,)) for name in names):
                return effect
        return None


def _marked(tool: Tool) -> Effect:
    if tool.annotations.get("readOnlyHint") is True:
        return "read"
    return "write" if tool.annotations.get("destructiveHint") is False else "destructive"
