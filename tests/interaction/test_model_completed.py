"""Half a model in the hub's cache is completed; the hub is a real server, the client the real library."""

from __future__ import annotations

from pathlib import Path

import pytest

from mcp_toolweaver.embeddings import hub as real_hub
from mcp_toolweaver.embeddings.download import download
from mcp_toolweaver.embeddings.weights import DEFAULT_MODEL, Weights, verify
from tests.fakes.model_hub import REPOSITORY, FakeHub, graph

pytestmark = pytest.mark.anyio


def nothing(_done: int, _total: int) -> None:
    return None


async def get(*, onnx_only: bool = False) -> Weights:
    return await download(DEFAULT_MODEL, onnx_only=onnx_only, on_progress=nothing)


async def test_a_graph_comes_with_the_file_that_holds_its_numbers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = FakeHub()
    hub.files |= {"onnx/model.onnx": graph("model.onnx.data"), "onnx/model.onnx.data": b"numbers"}
    async with hub.listening():
        hub.serve_to(monkeypatch, tmp_path)
        weights = await get(onnx_only=True)
    assert (weights.folder / "onnx" / "model.onnx.data").read_bytes() == b"numbers"
    assert real_hub.cached(REPOSITORY, tmp_path / "hub", needs_graph=True) == weights.folder


async def test_half_a_model_in_the_cache_is_completed_and_what_is_damaged_comes_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = FakeHub()
    index = b'{"weight_map": {"a": "model-1-of-2.safetensors"}}'
    hub.files |= {"tokenizer_config.json": b'{"a": 1}', "model.safetensors.index.json": index}
    hub.files["model-1-of-2.safetensors"] = hub.files.pop("model.safetensors")
    async with hub.listening():
        hub.serve_to(monkeypatch, tmp_path)
        folder = (await get()).folder
        blobs = {name: (folder / name).resolve() for name in ("model-1-of-2.safetensors", "tokenizer_config.json")}
        blobs["model-1-of-2.safetensors"].write_bytes(b"x" * len(hub.files["model-1-of-2.safetensors"]))
        blobs["tokenizer_config.json"].write_bytes(b"{")
        assert real_hub.cached(REPOSITORY, tmp_path / "hub") is None
        before = len(hub.got)
        verify(await get())
    assert set(hub.got[before:]) == set(blobs)
    assert {name: (folder / name).read_bytes() for name in blobs} == {name: hub.files[name] for name in blobs}
    assert real_hub.cached(REPOSITORY, tmp_path / "hub") == folder


async def test_weights_of_another_program_do_not_keep_the_graph_from_coming(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = FakeHub()
    async with hub.listening():
        hub.serve_to(monkeypatch, tmp_path)
        folder = (await get()).folder
        assert real_hub.cached(REPOSITORY, tmp_path / "hub", needs_graph=True) is None
        assert (await get(onnx_only=True)).folder == folder
    assert (folder / "model.safetensors").exists()
    assert real_hub.cached(REPOSITORY, tmp_path / "hub", needs_graph=True) == folder
