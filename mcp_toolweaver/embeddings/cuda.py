"""What NVIDIA's driver says of its GPUs. A program, not a module: ``python -I -S cuda.py LIBRARY SECONDS``.

It prints ``{"driver": "13.0", "gpus": [["NVIDIA H200", 150754820096]]}``, or ``{"error": why}``, in one line, and
needs the standard library alone. A broken driver can hang or crash whoever asks it, and a process that has
asked may no longer fork; so it is asked in a process that does nothing else and ends by itself.
"""

from __future__ import annotations

import ctypes
import json
import signal
import sys
from typing import Any

_LONGEST_NAME = 256


class _Refused(Exception):
    """The driver answered with an error."""


def main(library: str, seconds: int) -> None:
    """Print what the driver says, or why it says nothing."""
    if hasattr(signal, "alarm"):
        signal.alarm(seconds)  # ends us even inside the driver, and when nobody is left to do so
    try:
        found = _ask(library)
    except (_Refused, OSError, AttributeError) as error:  # no such library; one without such a function
        found = {"error": str(error), "loaded": not isinstance(error, OSError)}
    sys.stdout.write(f"\n{json.dumps(found)}\n")


def _ask(library: str) -> dict[str, Any]:
    driver = ctypes.CDLL(library)
    _call(driver, "cuInit", 0)
    version, count = ctypes.c_int(), ctypes.c_int()
    _call(driver, "cuDriverGetVersion", ctypes.byref(version))
    _call(driver, "cuDeviceGetCount", ctypes.byref(count))
    major, minor = divmod(version.value, 1000)
    gpus = [_describe(driver, number) for number in range(count.value)]
    return {"driver": f"{major}.{minor // 10}", "gpus": gpus}


def _describe(driver: ctypes.CDLL, number: int) -> tuple[str, int]:
    device, memory = ctypes.c_int(), ctypes.c_size_t()
    name = ctypes.create_string_buffer(_LONGEST_NAME)
    _call(driver, "cuDeviceGet", ctypes.byref(device), number)
    _call(driver, "cuDeviceGetName", name, _LONGEST_NAME, device)
    _call(driver, "cuDeviceTotalMem_v2", ctypes.byref(memory), device)
    return name.value.decode(errors="replace"), memory.value


def _call(driver: ctypes.CDLL, name: str, *arguments: Any) -> None:
    status = getattr(driver, name)(*arguments)
    if status:
        raise _Refused(f"{name} failed with error {status}{_meaning(driver, status)}")


def _meaning(driver: ctypes.CDLL, status: int) -> str:
    text = ctypes.c_char_p()
    if hasattr(driver, "cuGetErrorString") and not driver.cuGetErrorString(status, ctypes.byref(text)) and text.value:
        return f": {text.value.decode(errors='replace')}"
    return ""


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
