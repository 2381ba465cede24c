"""The standard streams, kept for the protocol from the first moment on.

It imports next to nothing, so that it can run before anything that might print.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ClaimedStreams:
    """File descriptors of the protocol's own, away from everybody's 0 and 1."""

    reading: int
    writing: int


_claimed: list[ClaimedStreams] = []


def claim_streams() -> ClaimedStreams:
    """Take stdin and stdout for the protocol, once; from now on printing goes to stderr, and stdin is empty."""
    if _claimed:
        return _claimed[0]
    claimed = ClaimedStreams(reading=os.dup(0), writing=os.dup(1))
    with open(os.devnull, "rb") as nothing:  # noqa: PTH123  a descriptor is wanted
        os.dup2(nothing.fileno(), 0)
    os.dup2(2, 1)
    sys.stdout.flush()  # what was printed before, and has not left the process, goes there too
    _claimed.append(claimed)
    return claimed
