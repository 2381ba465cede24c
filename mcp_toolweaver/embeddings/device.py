"""Which GPUs and which CPU this machine has. Imports no library, and costs milliseconds where there is no GPU."""

from __future__ import annotations

import json
import os
import platform
import signal
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import DEVNULL, PIPE, Popen, TimeoutExpired
from typing import Any, Literal, TypeAlias

from mcp_toolweaver.core.json_values import is_array, is_object
from mcp_toolweaver.embeddings.cpu import processor_name, usable_cores

Kind: TypeAlias = Literal["cuda", "mps", "cpu"]

_PROGRAM = Path(__file__).with_name("cuda.py")
_SIGNS = {
    "linux": ("dev/nvidia[0-9]*", "dev/nvmap", "dev/dxg"),  # a card, a Jetson, Windows around us
    "win32": ("System32/nvcuda.dll",),
}
_UNSURE = "dxg"
"""Is there whatever GPU Windows has."""
_LIBRARIES = {"linux": "libcuda.so.1", "win32": "nvcuda.dll"}
_SYSCTL = ["/usr/sbin/sysctl", "-n", "machdep.cpu.brand_string"]
_GRACE = 5
"""Seconds after which a driver's process ends by itself if we did not end it."""


@dataclass(frozen=True, slots=True)
class Device:
    """What a model may run on."""

    kind: Kind
    index: int
    """Its number among those of its kind, as CUDA counts them."""
    name: str
    memory: int | None = None
    """Bytes; on a Mac all that the machine has."""
    driver: str | None = None
    """The newest CUDA that its driver can do: ``13.0``."""
    cores: int | None = None
    """Of a CPU, those that this process may use."""

    @property
    def label(self) -> str:
        """What torch and our settings call it: ``cuda:0``, ``mps``, ``cpu``."""
        return f"cuda:{self.index}" if self.kind == "cuda" else self.kind


@dataclass(frozen=True, slots=True)
class Survey:
    """What was found."""

    devices: tuple[Device, ...]
    """Best first, the CPU last."""
    faults: tuple[str, ...] = ()
    """Why GPUs that seem to be there cannot be used."""


@dataclass(frozen=True, slots=True)
class Machine:
    """Where to look; as it stands, at this machine."""

    system: str = sys.platform
    processor: str = field(default_factory=platform.machine)
    root: Path = field(
        default_factory=lambda: Path(os.environ.get("SYSTEMROOT", "/") if sys.platform == "win32" else "/")
    )
    """The folder that ``dev``, ``proc`` and ``sys`` lie in; on Windows its own folder."""
    library: str | None = None
    """NVIDIA's driver, where it has another name than usual."""
    deadline: float = 10.0
    """Seconds for that driver, which is slow where it wakes many GPUs."""


class _NoAnswer(Exception):
    """A process did not say what was asked; the message says why."""


def survey(machine: Machine | None = None, *, gpus: bool = True) -> Survey:
    """Look for GPUs and the CPU; blocks, for up to the deadline where an NVIDIA GPU seems to be there.

    What cannot be found out is not there; this raises nothing.

    Args:
        machine: Where to look.
        gpus: Whether to look for GPUs; the CPU alone is known at once.
    """
    machine = machine or Machine()
    cpu = Device("cpu", 0, _cpu_name(machine), _total_memory(), cores=usable_cores(machine.root))
    try:
        return Survey((*_gpus(machine, cpu), cpu) if gpus else (cpu,))
    except _NoAnswer as why:
        return Survey((cpu,), (f"an NVIDIA GPU seems to be there, but {why}",))


def _gpus(machine: Machine, cpu: Device) -> list[Device]:
    if machine.system == "darwin":
        return [Device("mps", 0, f"GPU of {cpu.name}", cpu.memory)] if machine.processor == "arm64" else []
    return _nvidia(machine)


def _nvidia(machine: Machine) -> list[Device]:
    """Return the GPUs that CUDA sees, in its order; CUDA_VISIBLE_DEVICES is the driver's affair."""
    signs = [path.name for pattern in _SIGNS.get(machine.system, ()) for path in _matching(machine.root, pattern)]
    if not signs:
        return []
    found = _driver_says(machine)
    error = found.get("error")
    if error is not None and (found.get("loaded") or signs != [_UNSURE]):
        hidden = os.environ.get("CUDA_VISIBLE_DEVICES")
        raise _NoAnswer(f"{error}" + (f" (CUDA_VISIBLE_DEVICES is {hidden!r})" if hidden is not None else ""))
    pairs: list[tuple[str, int]] = found.get("gpus") or []
    return [Device("cuda", index, name, memory, found["driver"]) for index, (name, memory) in enumerate(pairs)]


def _matching(root: Path, pattern: str) -> list[Path]:
    try:
        return list(root.glob(pattern))
    except OSError:
        return []


def _driver_says(machine: Machine) -> dict[str, Any]:
    if not sys.executable or hasattr(sys, "frozen"):  # we would start ourselves
        raise _NoAnswer("there is no Python that could ask its driver")
    library = machine.library or _LIBRARIES[machine.system]
    limit = int(machine.deadline) + _GRACE
    output = _output([sys.executable, "-I", "-S", str(_PROGRAM), library, str(limit)], machine.deadline)
    for line in reversed(output.splitlines()):  # a driver may print something of its own
        with suppress(ValueError, RecursionError):
            found = json.loads(line)
            if is_object(found) and ("error" in found or is_array(found.get("gpus"))):
                return dict(found)
    raise _NoAnswer("its driver says nothing")


def _cpu_name(machine: Machine) -> str:
    if machine.system == "darwin":
        with suppress(_NoAnswer):
            return _output(_SYSCTL, machine.deadline).strip() or machine.processor
    return processor_name(machine.root) or machine.processor or "unknown"


def _total_memory() -> int | None:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):  # Windows; a system without these names
        return None


def _output(command: list[str], deadline: float) -> str:
    """Return what a program prints; one that hangs inside the kernel is left behind."""
    try:
        process = Popen(command, stdin=DEVNULL, stdout=PIPE, stderr=DEVNULL)  # noqa: S603  our own command
    except OSError as error:
        raise _NoAnswer(f"{command[0]} cannot be started: {error.strerror}") from error
    try:
        output, _ = process.communicate(timeout=deadline)
    except TimeoutExpired as late:
        process.kill()
        with suppress(TimeoutExpired):
            process.communicate(timeout=1)
        raise _NoAnswer(f"its driver did not answer within {deadline:g} seconds") from late
    if process.returncode:
        raise _NoAnswer(f"the process that asked its driver ended with {_ending(process.returncode)}")
    return output.decode(errors="replace")


def _ending(status: int) -> str:
    try:
        return signal.Signals(-status).name
    except ValueError:
        return f"status {status}"
