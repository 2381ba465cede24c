"""What torch and the libraries around it raise, and what it means."""

from __future__ import annotations

_SHORTAGES = (
    "out of memory",  # CUDA and MPS
    "can't allocate memory",  # the CPU on Linux
    "not enough memory",  # the CPU on Windows and macOS
    "cublas_status_alloc_failed",
    "cudnn_status_alloc_failed",
)
_DAMAGES = ("SafetensorError", "EOFError", "JSONDecodeError", "UnicodeDecodeError")


class OutOfMemory(Exception):
    """A device has no memory for that much at once."""


def is_out_of_memory(error: Exception) -> bool:
    """Tell whether less at once may succeed."""
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":  # torch's, without importing it
        return True
    return isinstance(error, RuntimeError) and any(sign in str(error).lower() for sign in _SHORTAGES)


def is_damage(error: Exception) -> bool:
    """Tell whether a file is not what it should be, as after a download that was cut off."""
    return type(error).__name__ in _DAMAGES


def first_line(error: Exception) -> str:
    """Return what went wrong in one line; torch adds advice to developers below it."""
    return next((line.strip().rstrip(".") for line in str(error).splitlines() if line.strip()), type(error).__name__)
