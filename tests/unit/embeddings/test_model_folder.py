"""A folder that cannot be used says so before any library reads it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from mcp_toolweaver.core.errors import Unavailable, Unusable
from mcp_toolweaver.embeddings.model_folder import check_folder, reading_digest, weights_digest, weights_files
from mcp_toolweaver.embeddings.weights_headers import external
from tests.fakes.model_hub import graph, model_files, tensors, write_files

INDEX = "model.safetensors.index.json"
UNREADABLE = Path("/proc/self/mem")
"""A regular file whose first byte cannot be read, whoever tries."""
DENSE = "sentence_transformers.models.Dense"
SHARDS = {f"model-0000{number}-of-00002.safetensors": tensors(64 * number) for number in (1, 2)}


def sharded() -> dict[str, bytes]:
    """Return a model whose weights are in two files."""
    files = model_files()
    del files["model.safetensors"], files["onnx/model.onnx"]
    table = {"weight_map": {"b": "model-00002-of-00002.safetensors", "a": "model-00001-of-00002.safetensors"}}
    return {**files, **SHARDS, INDEX: json.dumps(table).encode()}


def indexed(shard: str) -> dict[str, bytes]:
    """Return a model whose index speaks of one file."""
    table = {"weight_map": {"a": shard}}
    return {**without("model.safetensors", "onnx/model.onnx"), INDEX: json.dumps(table).encode()}


def made_of(*parts: tuple[str, str]) -> dict[str, bytes]:
    """Return a model that consists of parts: their classes and their folders."""
    modules = [{"type": kind, "path": path} for kind, path in parts]
    return {**model_files(), "modules.json": json.dumps(modules).encode()}


def sharded_in_part() -> dict[str, bytes]:
    """Return the first of two files of weights."""
    return {name: body for name, body in sharded().items() if name in (INDEX, min(SHARDS))}


def without(*names: str) -> dict[str, bytes]:
    return {name: body for name, body in model_files().items() if name not in names}


def sha256(*parts: bytes) -> str:
    return hashlib.sha256(b"".join(parts)).hexdigest()


@pytest.mark.parametrize(
    "files",
    [
        model_files(),
        sharded(),
        without("model.safetensors"),
        {"modules.json": b"[]", "0_Static/model.safetensors": tensors(), "0_Static/tokenizer.json": b"{}"},
        {**without("model.safetensors"), "onnx/model.onnx": graph("model.onnx_data"), "onnx/model.onnx_data": b"1"},
        {**without("model.safetensors"), **sharded_in_part()},
        without("modules.json", "1_Pooling/config.json"),
        {**made_of((DENSE, "2_Dense")), "2_Dense/pytorch_model.bin": b"1", "2_Dense/model.safetensors": tensors()},
        made_of(("sentence_transformers.base.modules.transformer.Transformer", "")),
    ],
    ids=[
        *("one file", "two files", "a graph", "a static model", "a graph in two files"),
        *("a graph beside half of the weights", "a bare transformer", "a part with both", "as of version 6"),
    ],
)
def test_a_whole_model_has_nothing_wrong_with_it(tmp_path: Path, files: dict[str, bytes]) -> None:
    assert check_folder(write_files(tmp_path, files)) == []


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (without("config.json"), "it has no config.json"),
        (without("tokenizer.json"), "it has no tokenizer.json"),
        (without("1_Pooling/config.json"), "1_Pooling/config.json is missing"),
        ({**model_files(), "modules.json": b"[{"}, "modules.json is damaged"),
        (without("model.safetensors", "onnx/model.onnx"), "it has pickled weights only (pytorch_model.bin)"),
        (without("model.safetensors", "onnx/model.onnx", "pytorch_model.bin"), "it has no weights: neither"),
        ({**without("model.safetensors"), "onnx/model.onnx": b""}, "model.onnx is empty"),
        ({**model_files(), "model.safetensors": tensors()[:-1]}, "model.safetensors is cut off: it has"),
        ({**model_files(), "model.safetensors": tensors() + b"x"}, "and should have"),
        ({**model_files(), "model.safetensors": b"\xff" * 500}, "does not start like a safetensors file"),
        ({**sharded(), INDEX: b'{"weight_map": 1}'}, f"{INDEX} is damaged"),
        ({**sharded(), **{name: body[:-1] for name, body in SHARDS.items()}}, "00001-of-00002.safetensors is cut off"),
        ({name: body for name, body in sharded().items() if "00002-of" not in name}, "00002.safetensors is missing"),
        (indexed("/etc/passwd"), f"{INDEX} is damaged"),
        (indexed("../model.safetensors"), f"{INDEX} is damaged"),
        ({**without("model.safetensors"), "onnx/model.onnx": graph("model.onnx_data")}, "model.onnx_data is missing"),
        ({**without("model.safetensors"), "onnx/model.onnx": graph("../../x")}, "cut off: it is no graph"),
        ({**without("model.safetensors"), "onnx/model.onnx": graph()[:-1]}, "cut off: it is no graph"),
        (made_of((DENSE, "../elsewhere")), "modules.json names a part outside of its folder (../elsewhere)"),
        ({**made_of((DENSE, "2_Dense")), "2_Dense/pytorch_model.bin": b""}, "2_Dense are pickled, which may run code"),
        *(
            (made_of((kind, "")), f"it brings code of its own ({kind}), which is never run")
            for kind in ("custom.Model", "os.system", "sentence_transformersx.models.Pooling")
        ),
    ],
)
def test_what_is_wrong_is_said_with_the_file(tmp_path: Path, files: dict[str, bytes], said: str) -> None:
    assert said in "; ".join(check_folder(write_files(tmp_path, files)))


@given(st.binary(max_size=200) | st.integers(0, 150).map(lambda end: tensors()[:end]))
def test_whatever_the_bytes_they_are_weights_or_there_is_a_sentence(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    folder = write_files(tmp_path_factory.mktemp("model"), {**model_files(), "model.safetensors": data})
    assert check_folder(folder) or data == tensors()


@given(st.binary(max_size=100) | st.integers(0, 40).map(lambda end: graph("model.onnx_data")[:end]))
def test_whatever_the_bytes_they_are_a_graph_or_there_is_a_sentence(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    files = {**without("model.safetensors"), "onnx/model.onnx": data}
    folder = write_files(tmp_path_factory.mktemp("model"), files)
    found = external(folder / "onnx" / "model.onnx")
    assert check_folder(folder) or found == []


def test_the_files_of_a_real_graph_are_found(tmp_path: Path) -> None:
    table = numpy_helper.from_array(np.ones((40, 40), np.float32), "table")
    output = helper.make_tensor_value_info("out", TensorProto.FLOAT, [40, 40])
    node = helper.make_node("Identity", ["table"], ["out"])
    model = helper.make_model(helper.make_graph([node], "real", [], [output], [table]))
    module: Any = onnx  # some of its types are unknown
    module.save(model, tmp_path / "whole.onnx")
    assert external(tmp_path / "whole.onnx") == []
    module.save(model, tmp_path / "two.onnx", save_as_external_data=True, location="numbers", size_threshold=0)
    assert external(tmp_path / "two.onnx") == ["numbers"]


def test_symbolic_links_as_in_the_hubs_cache_are_files(tmp_path: Path) -> None:
    blobs = write_files(tmp_path / "blobs", sharded())
    for name in sharded():
        (tmp_path / "snapshot" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "snapshot" / name).symlink_to(blobs / name)
    assert check_folder(tmp_path / "snapshot") == []
    (blobs / max(SHARDS)).unlink()
    assert check_folder(tmp_path / "snapshot") == [f"{tmp_path / 'snapshot' / max(SHARDS)} is missing"]


@pytest.mark.skipif(not UNREADABLE.exists(), reason="needs a file that is there and cannot be read")
@pytest.mark.parametrize("name", ["model.safetensors", "modules.json", "tokenizer.json"])
def test_what_cannot_be_read_just_now_is_no_damage(tmp_path: Path, name: str) -> None:
    folder = write_files(tmp_path, model_files())
    (folder / name).unlink()
    (folder / name).symlink_to(UNREADABLE)
    with pytest.raises(Unavailable, match="cannot be read just now") as raised:
        reading_digest(folder) if name == "tokenizer.json" else check_folder(folder)
    assert not isinstance(raised.value, Unusable)


def test_a_folder_that_is_not_there_lacks_all(tmp_path: Path) -> None:
    assert "it has no config.json" in check_folder(tmp_path / "none")


def test_the_digest_is_that_of_the_weights(tmp_path: Path) -> None:
    assert weights_digest(write_files(tmp_path / "one", model_files())) == sha256(tensors())
    assert weights_digest(write_files(tmp_path / "graph", without("model.safetensors"))) == sha256(graph())
    folder = write_files(tmp_path / "two", sharded())
    assert [path.name for path in weights_files(folder)] == [INDEX, *SHARDS]
    assert weights_digest(folder) == sha256(sharded()[INDEX], *SHARDS.values())


def test_without_weights_there_is_no_digest(tmp_path: Path) -> None:
    with pytest.raises(Unusable, match="it has no weights"):
        weights_digest(tmp_path)
    with pytest.raises(Unavailable, match="cannot be read just now"):
        weights_digest(write_files(tmp_path, {name: body for name, body in sharded().items() if name not in SHARDS}))


def test_a_graph_in_two_files_is_known_by_both(tmp_path: Path) -> None:
    files = {**without("model.safetensors"), "onnx/model.onnx": graph("data"), "onnx/data": b"1"}
    assert weights_digest(write_files(tmp_path, files)) == sha256(graph("data"), b"1")
