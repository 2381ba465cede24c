"""Every error that Toolweaver raises on purpose.

    ToolweaverError
    ├── Unavailable            a part is away; the only error that a fallback catches
    │   ├── DeadlineExceeded   it did not answer in time
    │   ├── CircuitOpen        it failed a moment ago and is not asked for a while
    │   ├── Busy               it has as much to do as it may be given at once
    │   ├── Refused            it is well, and will not do what it was asked
    │   ├── InUse              another process has it for itself; nothing is wrong with it
    │   ├── Unneeded           it has nothing to do; nothing is wrong with it
    │   ├── Warming            it is on its way; ask again soon
    │   ├── Unusable           it will not come back by itself; the message says what to do
    │   ├── GivenUp            its connection was left on purpose, to be made anew; nothing is wrong with it
    │   └── NotSent            a call provably never reached it, so it may be sent again
    ├── InvalidRequest         the caller can mend it, and the message says how
    │   ├── UnknownTool        no tool has that name; carries the closest names
    │   │   └── AmbiguousTool  several tools have it
    │   ├── InvalidArguments   the arguments do not fit the tool's schema
    │   └── NotPermitted       the caller may not do what the tool does
    ├── ToolNotCallable        the tool is known from a file only; no server stands behind it
    └── ConfigurationError     the owner's configuration is wrong; names file, key and fix

Foreign errors are translated into these where a library is called, and these are
translated into MCP results where MCP is spoken.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence


class ToolweaverError(Exception):
    """Root of all errors that Toolweaver raises on purpose."""


class Unavailable(ToolweaverError):
    """A part (a downstream server, the embedding model, an index) cannot serve just now."""

    def __init__(self, part: str, reason: str) -> None:
        super().__init__(f"{part}: {reason}")
        self.part = part
        self.reason = reason
        self.mended: Callable[[], Awaitable[None]] | None = None
        """Returns when the reason may be gone, as by a login, so that trying is worth while at once; often unknown."""


class DeadlineExceeded(Unavailable):
    """A part did not answer within its deadline."""


class CircuitOpen(Unavailable):
    """A part failed a moment ago, and is not asked again before a trial has succeeded."""


class Busy(Unavailable):
    """A part has as much to do as it may be given at once; the message says when to ask again."""


class Refused(Unavailable):
    """A part answered that it will not do this, such as a full or read-only store a change."""


class InUse(Unavailable):
    """Another process has the part for itself."""


class Unneeded(Unavailable):
    """The part has nothing to do, and nothing is wrong with it."""


class Warming(Unavailable):
    """The part is being made ready, so the same question may soon be answered better."""


class Unusable(Unavailable):
    """The part will not come back by itself: something is missing or damaged, and the message says what to do."""


class GivenUp(Unavailable):
    """The connection to a part was left on purpose, and is to be made anew at once."""


class NotSent(Unavailable):
    """A call never reached the part, or was refused before anything was executed."""


class InvalidRequest(ToolweaverError):
    """The caller sent something that it can correct; the message says how."""


class UnknownTool(InvalidRequest):
    """No tool has the requested name."""

    def __init__(self, name: str, closest: Sequence[str] = (), happened: str = "") -> None:
        """Say that there is no tool of this name, what ``happened`` to the one there was, and which are close."""
        hint = f" Closest names: {', '.join(closest)}." if closest else ""
        told = f" What happened: {happened}." if happened else ""
        super().__init__(f"There is no tool named {name!r}.{told}{hint} Use search_tools to find tools.")
        self.name = name
        self.closest = tuple(closest)


class AmbiguousTool(UnknownTool):
    """Several tools have the requested name."""

    def __init__(self, name: str, names: Sequence[str]) -> None:
        shown = ", ".join(names[:8]) + (", ..." if len(names) > 8 else "")  # noqa: PLR2004  said by the line
        InvalidRequest.__init__(self, f"{len(names)} tools may be meant by {name!r}. Name one of: {shown}.")
        self.name = name
        self.closest = tuple(names)


class InvalidArguments(InvalidRequest):
    """The arguments of a call do not fit the tool's input schema."""


class NotPermitted(InvalidRequest):
    """The tool is there, and its caller may not make a call of such an effect."""


class ToolNotCallable(ToolweaverError):
    """The tool is described in a catalog file, but no server stands behind it."""


class ConfigurationError(ToolweaverError):
    """The configuration is wrong. The message names the file, the key and the fix."""
