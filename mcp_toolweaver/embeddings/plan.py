"""What will run where: from the settings, the devices and the libraries, without touching any of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from mcp_toolweaver.embeddings.device import Device
from mcp_toolweaver.embeddings.installed import INSTALL, Installed

RuntimeName: TypeAlias = Literal["torch", "onnx"]

_NAMES: dict[RuntimeName, str] = {"torch": "torch", "onnx": "ONNX Runtime"}
_SELECTOR = "https://pytorch.org/get-started/locally/"
_CPU = "cpu"
_ENOUGH = 2
"""Threads for a model on any machine that has as many cores."""
_MOST_FOR_QUERIES = 4


@dataclass(frozen=True, slots=True)
class Step:
    """A runtime on a device: one rung of a ladder."""

    runtime: RuntimeName
    device: str
    """As torch calls it: ``cuda:0``, ``mps``, ``cpu``."""

    def __str__(self) -> str:
        """Return it for people."""
        return f"{_NAMES[self.runtime]} on {'the CPU' if self.device == _CPU else self.device}"


@dataclass(frozen=True, slots=True)
class Note:
    """Something that could be better."""

    finding: str
    advice: str
    is_against_wish: bool = False
    """Whether the settings ask for something else."""

    def __str__(self) -> str:
        """Return one sentence."""
        return f"{self.finding}; {self.advice}"


@dataclass(frozen=True, slots=True)
class Plan:
    """What embeds, best first: if a step fails, the next one is taken; without any, search is by words alone."""

    documents: tuple[Step, ...]
    """What embeds the tools."""
    queries: tuple[Step, ...]
    threads: int
    """Of the CPU, for documents."""
    query_threads: int
    """Of the CPU, for queries, each of which takes one: two for one text cost twice the work for little."""
    notes: tuple[Note, ...] = ()

    def __str__(self) -> str:
        """Return one line: ``tools: torch on cuda:0; queries: ONNX Runtime on the CPU``."""
        if not self.documents or not self.queries:
            return "search by words alone"
        return f"tools: {self.documents[0]}; queries: {self.queries[0]}"


def make_plan(setting: str, devices: Sequence[Device], installed: Installed, *, threads: int | None = None) -> Plan:
    """Return what will run where.

    Args:
        setting: ``auto``, or the device that is wanted: ``cuda``, ``cuda:1``, ``mps``, ``cpu``.
        devices: What `survey` found, best first.
        installed: What `find_installed` found.
        threads: The setting of that name.
    """
    gpu, notes = _chosen(setting, devices, installed)
    on_gpu = [Step("torch", gpu.label)] if gpu else []
    by_torch = [*on_gpu, *([Step("torch", _CPU)] if installed.runs_torch else [])]
    by_onnx = [Step("onnx", _CPU)] if installed.runs_onnx else []
    cores = next((device.cores for device in devices if device.cores), 1)
    several = count_threads(threads, cores)
    return Plan(
        documents=(*on_gpu, *by_onnx, *by_torch[len(on_gpu) :]),
        queries=(*by_onnx, *by_torch),
        threads=several,
        query_threads=min(several, _MOST_FOR_QUERIES),
        notes=(*notes, *_missing(installed)),
    )


def count_threads(setting: int | None, cores: int) -> int:
    """Return how many threads of the CPU a model may keep busy: the setting, or half of the cores, at least two.

    Never more than there are cores, and at least one.
    """
    wanted = setting if setting is not None else max(_ENOUGH, cores // 2)
    return max(1, min(wanted, cores))


def _chosen(setting: str, devices: Sequence[Device], installed: Installed) -> tuple[Device | None, list[Note]]:
    """Return the GPU to use, if any, and why it is not the one that is wanted, or not the best."""
    gpus = [device for device in devices if device.kind != _CPU]
    if setting == _CPU:
        return None, []
    wanted = gpus if setting == "auto" else [device for device in gpus if setting in {device.kind, device.label}]
    if not wanted:
        return None, [] if setting == "auto" else [_not_there(setting, gpus)]
    notes: list[Note] = []
    for device in wanted:
        note = _why_not(device, installed, is_wanted=setting != "auto")
        if note is None:
            return device, []
        notes.append(note)
    return None, notes[:1]


def _not_there(setting: str, gpus: Sequence[Device]) -> Note:
    others = ", ".join(device.label for device in gpus)
    return Note(
        f"the device {setting} is not there, so the CPU is used",
        f"set embedding.device to {f'one of auto, {others}, cpu' if others else 'auto or cpu'}",
        is_against_wish=True,
    )


def _why_not(device: Device, installed: Installed, *, is_wanted: bool) -> Note | None:
    """Return why a GPU cannot be used and what to do about it; None if it can."""
    idle = f"{device.label} ({device.name}) is not used"
    if not installed.runs_torch:
        missing = "torch" if "torch" not in installed.versions else "sentence-transformers"
        return Note(f"{idle}: {missing} is not installed", INSTALL, is_wanted)
    if device.kind != "cuda":
        return None
    version = f"torch {installed.versions['torch']}".rstrip()
    if installed.torch_cuda is None:
        kind = "AMD's GPUs" if installed.torch_hip else "the CPU alone"
        return Note(f"{idle}: {version} is built for {kind}", _other_build(device), is_wanted)
    if _is_too_old(device.driver, installed.torch_cuda):
        finding = (
            f"{idle}: {version} needs a driver for CUDA {installed.torch_cuda}, and this one is for {device.driver}"
        )
        return Note(finding, f"update NVIDIA's driver, or {_other_build(device)}", is_wanted)
    return None


def _other_build(device: Device) -> str:
    versions = f"CUDA {device.driver} or older" if device.driver else "CUDA"
    return f"run the command that {_SELECTOR} shows for {versions}, with --force-reinstall added"


def _is_too_old(driver: str | None, built_for: str) -> bool:
    """Whether the driver is of an older generation; within one, any driver serves."""
    try:
        return driver is not None and _generation(driver) < _generation(built_for)
    except ValueError:
        return False


def _generation(version: str) -> int:
    return int(version.partition(".")[0])


def _missing(installed: Installed) -> list[Note]:
    if installed.runs_onnx:
        return []
    if installed.runs_torch:
        return [Note("queries are embedded by torch, several times slower than by ONNX Runtime", INSTALL)]
    return [Note("search is by words alone: neither ONNX Runtime nor torch is installed", INSTALL)]
