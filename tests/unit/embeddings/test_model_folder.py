"""A folder that cannot be used says so before any library reads it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_toolweaver.core.errors import Unusable
from mcp_toolweaver.embeddings.model_folder import check_folder, weights_digest, weights_files
from tests.fakes.model_hub import model_files, tensors, write_files

INDEX = "model.safetensors.index.json"
SHARDS = {f"model-0000{number}-of-00002.safetensors": tensors(64 * number) for number in (1, 2)}


def sharded() -> dict[str, bytes]:
    """Return a model whose weights are in two files."""
    files = model_files()
    del files["model.safetensors"]
    table = {"weight_map": {"b": "model-00002-of-00002.safetensors", "a": "model-00001-of-00002.safetensors"}}
    return {**files, **SHARDS, INDEX: json.dumps(table).encode()}


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
    ],
    ids=["one file", "two files", "a graph", "a static model"],
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


def test_a_folder_that_is_not_there_lacks_all(tmp_path: Path) -> None:
    assert "it has no config.json" in check_folder(tmp_path / "none")


def test_the_digest_is_that_of_the_weights(tmp_path: Path) -> None:
    assert weights_digest(write_files(tmp_path / "one", model_files())) == sha256(tensors())
    assert weights_digest(write_files(tmp_path / "graph", without("model.safetensors"))) == sha256(b"a graph")
    folder = write_files(tmp_path / "two", sharded())
    assert [path.name for path in weights_files(folder)] == [INDEX, *SHARDS]
    assert weights_digest(folder) == sha256(sharded()[INDEX], *SHARDS.values())


def test_without_weights_there_is_no_digest(tmp_path: Path) -> None:
    with pytest.raises(Unusable, match="it has no weights"):
        weights_digest(tmp_path)
    with pytest.raises(Unusable, match="cannot be read"):
        weights_digest(write_files(tmp_path, {name: body for name, body in sharded().items() if name not in SHARDS}))
