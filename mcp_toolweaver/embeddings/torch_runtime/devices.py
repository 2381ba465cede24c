"""Whether torch can use a device, and if not, why and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any

from mcp_toolweaver.embeddings.torch_runtime.failures import first_line

_INSTEAD = "or set embedding.device to cpu"


@dataclass(frozen=True, slots=True)
class Torch:
    """What an installed torch can use."""

    version: str
    cuda: str | None
    """The CUDA that it is built for; None for none."""
    gpus: int = 0
    """How many devices it can use by way of CUDA, or of AMD's HIP, which it calls by the same name."""
    problem: str = ""
    """Why it can use none, in its own words."""
    has_mps: bool = False


def read_torch() -> Torch:
    """Ask the installed torch, which takes a second to import."""
    torch: Any = import_module("torch")
    gpus = torch.cuda.device_count() if torch.cuda.is_available() else 0
    problem = "" if gpus or torch.version.cuda is None else _problem(torch)
    return Torch(str(torch.__version__), torch.version.cuda, gpus, problem, torch.backends.mps.is_available())


def refusal(device: str, torch: Torch) -> str | None:
    """Return why a device (``cuda``, ``cuda:1``, ``mps``, ``cpu``) cannot be used; None if it can."""
    kind, _, index = device.partition(":")
    if kind == "cpu" and not index:
        return None
    if kind == "mps" and not index:
        return None if torch.has_mps else f"torch {torch.version} cannot use an Apple GPU here; set embedding.device"
    if kind != "cuda" or (index and not index.isdecimal()):
        return f"there is no kind of device called {device!r}; embedding.device is cuda, cuda:1, mps or cpu"
    return _cuda_refusal(int(index or 0), torch)


def _cuda_refusal(index: int, torch: Torch) -> str | None:
    if index < torch.gpus:
        return None
    if torch.gpus:
        return f"there is no cuda:{index}; torch {torch.version} sees {torch.gpus}, the first of them is cuda:0"
    if torch.cuda is None:
        return f"torch {torch.version} is built without CUDA; install a build with it, {_INSTEAD}"
    asks = f"torch {torch.version} (built for CUDA {torch.cuda}) cannot use the NVIDIA driver: {torch.problem}"
    return f"{asks}; update the driver, install a torch for an older CUDA, {_INSTEAD}"


def _problem(torch: Any) -> str:
    """Return what torch says when it is made to use CUDA."""
    try:
        torch.cuda.init()
    except Exception as error:  # noqa: BLE001  it raises RuntimeError and AssertionError among others
        return first_line(error)
    return "no device was found"
