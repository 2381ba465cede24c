"""What the status means that a command ends with; ``docs/reference/exit-codes.md`` has the same for people."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """The status of a command."""

    OK = 0
    """It was done, and all is well."""
    FOUND_WANTING = 1
    """It was done, and the answer is no: a server failed, nothing was found, a call failed, a limit was missed."""
    WRONG_USAGE = 2
    """It was not done: an option, the configuration or a file is wrong; stderr says which, and how to mend it."""
    INTERRUPTED = 130
    """Ctrl+C ended it."""
