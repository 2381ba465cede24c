"""What the doctor says of the model: where it comes from, whether it is whole, and ready for ONNX Runtime."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import pytest
from huggingface_hub import constants

from mcp_toolweaver.cli import doctor_meaning
from mcp_toolweaver.cli.doctor_rows import Row
from mcp_toolweaver.config import EmbeddingSettings, Settings
from mcp_toolweaver.embeddings.installed import Installed

INDEX = "model.safetensors.index.json"
ONNX = {"onnxruntime": "1.31.0", "tokenizers": "0.23.3"}
ALL = Installed({**ONNX, "torch": "2.13.0", "sentence_transformers": "6.2.0"})


def one(rows: Iterable[Row]) -> Row:
    (row,) = rows
    assert bool(row.advice) == (row.state != "ok")
    return row


def model(folder: Path) -> Path:
    """Write a model that is whole, as far as can be seen without reading its numbers."""
    folder.mkdir()
    header = json.dumps({"x": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}).encode()
    (folder / "model.safetensors").write_bytes(len(header).to_bytes(8, "little") + header + bytes(4))
    for name in ("config.json", "tokenizer.json"):
        (folder / name).write_text("{}", encoding="utf-8")
    return folder


@pytest.fixture(autouse=True)
def _caches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep what the doctor reads of models apart from what this machine has."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))


def rows_of_model(installed: Installed, **given: object) -> list[Row]:
    settings = Settings(embedding=EmbeddingSettings.model_validate(given))
    return list(doctor_meaning.model_rows(settings, installed))


def of_model(installed: Installed = ALL, **given: object) -> list[Row]:
    return [row for row in rows_of_model(installed, **given) if row.name != "its graph"]


def test_search_by_words_alone_needs_no_model() -> None:
    assert rows_of_model(ALL, enabled=False) == []


def test_a_whole_model_is_said_with_where_it_comes_from(tmp_path: Path) -> None:
    folder = model(tmp_path / "m")
    row = one(of_model(model=str(folder)))
    assert (row.state, row.finding) == ("ok", f"from the folder {folder} ({folder})")


def test_a_damaged_model_is_a_problem(tmp_path: Path) -> None:
    folder = model(tmp_path / "m")
    (folder / "model.safetensors").write_bytes(b"damaged")
    row = one(of_model(model=str(folder)))
    assert (row.state, row.advice) == ("problem", f"put a whole copy into {folder}")
    assert "model.safetensors is damaged" in row.finding


@pytest.mark.parametrize(
    ("kept", "finding"),
    [
        (("config.json",), "it has no tokenizer.json"),
        (("config.json", "tokenizer.json", INDEX), "model-00001-of-00001.safetensors is missing"),
        ((), "it has no config.json"),
    ],
)
def test_half_a_model_is_a_problem_and_no_crash(tmp_path: Path, kept: tuple[str, ...], finding: str) -> None:
    folder = model(tmp_path / "m")
    (folder / INDEX).write_text('{"weight_map": {"a": "model-00001-of-00001.safetensors"}}', encoding="utf-8")
    for path in folder.iterdir():
        if path.name not in kept:
            path.unlink()
    row = one(rows_of_model(ALL, model=str(folder)))
    assert (row.state, row.advice) == ("problem", f"put a whole copy into {folder}")
    assert finding in row.finding


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="needs a file that is there and cannot be read")
def test_a_model_that_cannot_be_read_is_a_problem_and_no_crash(tmp_path: Path) -> None:
    folder = model(tmp_path / "m")
    (folder / "model.safetensors").unlink()
    (folder / "model.safetensors").symlink_to("/proc/self/mem")
    row = one(rows_of_model(ALL, model=str(folder)))
    assert row.state == "problem"
    assert "cannot be read just now" in row.finding


def test_a_folder_that_may_not_be_entered_is_a_problem_and_no_crash(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = model(tmp_path / "m")

    def is_dir(path: Path) -> bool:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "is_dir", is_dir)
    row = one(rows_of_model(ALL, model=str(folder)))
    assert row.state == "problem"
    assert "cannot be read just now" in row.finding


def test_without_torch_the_packaged_weights_are_no_model_yet() -> None:
    row = one(rows_of_model(Installed({**ONNX, "huggingface_hub": "2.4.0"})))
    assert row.state == "warning"
    assert row.finding.startswith("is on this machine without a graph, and torch is not there to make one; it will be")


def test_a_model_that_does_more_than_pooling_is_run_by_torch(tmp_path: Path) -> None:
    rows = rows_of_model(ALL, model=str(model(tmp_path / "m")))
    assert [(row.state, row.name) for row in rows] == [("ok", str(tmp_path / "m")), ("ok", "its graph")]
    assert rows[1].finding == "the model does more than pooling, so that torch runs it"


def test_a_folder_that_is_not_there_is_a_problem(tmp_path: Path) -> None:
    row = one(of_model(model=str(tmp_path / "nowhere")))
    assert row.state == "problem"
    assert "there is no such folder" in row.finding


@pytest.mark.parametrize(
    ("download", "libraries", "finding"),
    [
        (True, {"huggingface_hub": "2.4.0"}, "it will be fetched from the model hub when it is first needed"),
        (True, ONNX, "nothing is installed that could fetch it"),
        (False, {"huggingface_hub": "2.4.0"}, "embedding.download is false"),
    ],
)
def test_a_model_that_is_not_here_is_a_warning_that_says_what_will_happen(
    libraries: dict[str, str], finding: str, *, download: bool
) -> None:
    row = one(of_model(Installed(libraries), model="nobody/has-this-model", download=download))
    assert row.state == "warning"
    assert finding in row.finding
