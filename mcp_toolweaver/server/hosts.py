"""What is special about the hosts that are known, by what they call themselves: the one place that tells them apart.

Nothing is refused to a host that is not here: it is taken as it behaves. `docs/reference/hosts.md` shows this table.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mcp_toolweaver.core.patterns import is_any


@dataclass(frozen=True, slots=True)
class HostTraits:
    """One kind of host."""

    label: str
    client: str
    """What it calls itself in the handshake (``clientInfo.name``); ``*`` stands for anything."""
    lists_again: bool | None = None
    """Whether it lists tools again when it is told that they have changed; None is found out."""
    most_tools: int | None = None
    """How many tools it takes at most; a longer list is not given, and it searches instead."""
    told: str = ""
    """What else there is, and what is done about it for everybody."""


UNKNOWN = HostTraits("any other", "*")

HOSTS: Sequence[HostTraits] = (
    HostTraits(
        "Claude Code",
        "claude-code",
        told="Searches among tools itself once there are many, and would hide ours: the meta-tools ask to be loaded "
        "always (`anthropic/alwaysLoad`). Cuts descriptions at 2 KB and results at 25,000 tokens.",
    ),
    HostTraits("Claude Desktop", "claude-ai", lists_again=False, told="Waits 60 s for the handshake."),
    HostTraits("Codex", "codex*", lists_again=False, told="Takes names of 64 characters."),
    HostTraits("Cursor", "cursor*", told="Takes 60 characters for server and tool together."),
    HostTraits("VS Code", "Visual Studio Code*", most_tools=128),
    HostTraits("Gemini CLI", "gemini-cli*", told="Refuses a result whose text is a JSON array: ours are objects."),
    HostTraits("opencode", "opencode*"),
    HostTraits("Zed", "zed*", told="Cuts names at 64 characters."),
)
"""The first that fits counts."""


def traits_of(client: str) -> HostTraits:
    """Return what is known of a host by what it calls itself."""
    return next((host for host in HOSTS if is_any(client, (host.client,))), UNKNOWN)
