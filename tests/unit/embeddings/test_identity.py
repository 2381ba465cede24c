"""Which model is meant: one name for one model, however often, by however many and wherever it is asked."""

from __future__ import annotations

import json
import logging
import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mcp_toolweaver.core.errors import Unavailable, Unusable
from mcp_toolweaver.embeddings import identity, model_folder
from mcp_toolweaver.embeddings.identity import Identity, identify
from tests.fakes.model_hub import model_files, tensors, write_files


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_files(tmp_path / "model", model_files())


@pytest.fixture
def models(tmp_path: Path) -> Path:
    return tmp_path / "models"


def named(folder: Path, models: Path) -> Identity:
    found = identify(str(folder), models)
    assert found is not None
    return found


@pytest.mark.parametrize("name", ["tokenizer.json", "config.json"])
def test_a_mended_file_beside_the_weights_makes_it_another_model(folder: Path, models: Path, name: str) -> None:
    before = named(folder, models)
    (folder / name).write_text(json.dumps({"mended": True}), encoding="utf-8")
    after = named(folder, models)
    assert after.name != before.name
    assert after.digest == before.digest


def test_other_weights_of_the_same_size_and_time_are_noticed(folder: Path, models: Path) -> None:
    file = folder / "model.safetensors"
    os.utime(file, (5, 5))
    before = named(folder, models)
    file.write_bytes(tensors(fill=b"x"))
    os.utime(file, (5, 5))
    assert named(folder, models).digest != before.digest


def test_weights_of_the_same_size_and_time_that_took_the_place_of_others_are_noticed(
    folder: Path, models: Path, tmp_path: Path
) -> None:
    before = named(folder, models)
    other = write_files(tmp_path / "other", {"model.safetensors": tensors(fill=b"x")}) / "model.safetensors"
    state = (folder / "model.safetensors").stat()
    os.utime(other, ns=(state.st_atime_ns, state.st_mtime_ns))
    other.replace(folder / "model.safetensors")
    assert named(folder, models).digest != before.digest


def test_weights_that_did_not_change_are_read_once(folder: Path, models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def digest(_of: Path) -> str:
        pytest.fail("they were read again")

    before = named(folder, models)
    monkeypatch.setattr(identity, "weights_digest", digest)
    assert named(folder, models) == before


def test_many_who_ask_at_the_same_time_read_the_weights_once_and_leave_nothing_behind(
    folder: Path, models: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    read: list[Path] = []

    def digest(of: Path) -> str:
        read.append(of)
        return model_folder.weights_digest(of)

    monkeypatch.setattr(identity, "weights_digest", digest)
    with caplog.at_level(logging.WARNING), ThreadPoolExecutor(8) as threads:
        found = list(threads.map(named, [folder] * 32, [models] * 32))
    assert len({each.name for each in found}) == 1
    assert read == [folder]
    assert caplog.messages == []
    assert [path.name for path in models.iterdir()] == ["known.json"]


def test_a_memo_that_cannot_be_replaced_leaves_nothing_behind(folder: Path, models: Path) -> None:
    (models / "known.json").mkdir(parents=True)
    assert named(folder, models).digest
    assert [path.name for path in models.iterdir()] == ["known.json"]


def test_a_missing_file_of_weights_is_named(folder: Path, models: Path) -> None:
    (folder / "model.safetensors").unlink()
    shutil.rmtree(folder / "onnx")
    table = {"weight_map": {"a": "model-00001-of-00001.safetensors"}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(table), encoding="utf-8")
    for path in (folder, *folder.rglob("*")):
        os.utime(path, (0, 0))
    with pytest.raises(Unusable, match=r"model-00001-of-00001\.safetensors is missing"):
        identify(str(folder), models)


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="needs a file that is there and cannot be read")
def test_what_cannot_be_read_just_now_may_be_asked_again(folder: Path, models: Path) -> None:
    (folder / "tokenizer.json").unlink()
    (folder / "tokenizer.json").symlink_to("/proc/self/mem")
    with pytest.raises(Unavailable, match="cannot be read just now") as raised:
        identify(str(folder), models)
    assert not isinstance(raised.value, Unusable)


def test_weights_that_vanish_while_they_are_looked_at_are_an_outage(
    folder: Path, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def files(of: Path) -> list[Path]:
        return [of / "gone.safetensors"]

    monkeypatch.setattr(identity, "weights_files", files)
    with pytest.raises(Unavailable, match="cannot be read just now"):
        identify(str(folder), models)
