"""Keeping stdout for a command's answer, while code of others runs that may print."""

from __future__ import annotations

import os
import sys
from collections.abc import Generator
from contextlib import contextmanager

_STDOUT, _STDERR = 1, 2


@contextmanager
def stdout_apart() -> Generator[None]:
    """Have whatever is printed meanwhile go to stderr, also by child processes and past Python's own streams."""
    sys.stdout.flush()
    kept = os.dup(_STDOUT)
    os.dup2(_STDERR, _STDOUT)
    try:
        yield
    finally:
        sys.stdout.flush()
        os.dup2(kept, _STDOUT)
        os.close(kept)
