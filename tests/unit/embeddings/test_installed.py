"""What is installed, told from folders and small files alone."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from mcp_toolweaver.embeddings.installed import LIBRARIES, Installed, find_installed

CUDA = "from typing import Optional\n__version__ = '2.13.0+cu130'\ncuda: Optional[str] = '13.0'\nhip = None\n"
HIP = "__version__ = '2.13.0'\ncuda = None\nhip = '7.2.53211'\n"
CPU = "cuda: Optional[str] = None\nhip: Optional[str] = None\n"


def install(folder: Path, module: str, package: str, version: str | None) -> Path:
    """Put a package into a folder that cannot be imported."""
    home = folder / module
    home.mkdir(parents=True)
    (home / "__init__.py").write_text("raise SystemExit", encoding="utf-8")
    metadata = folder / f"{package.replace('-', '_')}-{version or 0}.dist-info"
    metadata.mkdir()
    line = "" if version is None else f"Version: {version}\n"
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\n{line}", encoding="utf-8")
    return home


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Have this folder be the only place where packages are looked for."""
    for module in LIBRARIES:
        monkeypatch.delitem(sys.modules, module, raising=False)
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    return tmp_path


def test_what_these_tests_run_with_is_found() -> None:
    found = find_installed()
    assert set(found.versions) <= set(LIBRARIES)
    assert all(found.versions.values())


@pytest.mark.usefixtures("folder")
def test_nothing_is_found_where_nothing_is() -> None:
    assert find_installed() == Installed()


def test_every_library_is_found_with_its_version_and_not_imported(folder: Path) -> None:
    for number, (module, packages) in enumerate(LIBRARIES.items()):
        install(folder, module, packages[0], f"1.{number}")
    expected = {module: f"1.{number}" for number, module in enumerate(LIBRARIES)}
    assert find_installed().versions == expected


def test_onnx_runtime_may_come_from_a_package_of_another_name(folder: Path) -> None:
    install(folder, "onnxruntime", "onnxruntime-gpu", "1.31.0")
    assert find_installed().versions == {"onnxruntime": "1.31.0"}


@pytest.mark.parametrize(
    ("text", "cuda", "hip"),
    [(CUDA, "13.0", None), (HIP, None, "7.2.53211"), (CPU, None, None), ("cuda = '1", None, None), ("\0", None, None)],
    ids=["CUDA", "ROCm", "CPU", "cut off", "no text"],
)
def test_torch_is_asked_what_it_was_built_for(folder: Path, text: str, cuda: str | None, hip: str | None) -> None:
    (install(folder, "torch", "torch", "2.13.0") / "version.py").write_text(text, encoding="utf-8")
    assert find_installed() == Installed({"torch": "2.13.0"}, cuda, hip)


def test_torch_without_its_version_file_is_there_all_the_same(folder: Path) -> None:
    install(folder, "torch", "torch", "2.13.0")
    assert find_installed().versions == {"torch": "2.13.0"}


def test_a_library_that_does_not_tell_its_version_is_there_all_the_same(folder: Path) -> None:
    install(folder, "tokenizers", "some-other-name", "1")
    install(folder, "onnx", "onnx", None)
    assert find_installed().versions == {"tokenizers": "", "onnx": ""}


def test_a_folder_that_was_left_behind_is_no_library(folder: Path) -> None:
    (folder / "torch" / "lib").mkdir(parents=True)
    assert find_installed().versions == {}


def test_a_library_that_was_hidden_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    assert "onnxruntime" not in find_installed().versions


@pytest.mark.parametrize(
    ("names", "able"),
    [
        ("", ""),
        ("onnxruntime", ""),
        ("onnxruntime tokenizers", "onnx"),
        ("torch", ""),
        ("torch sentence_transformers onnx", "torch"),
        ("onnxruntime tokenizers torch sentence_transformers", "onnx torch"),
        ("onnxruntime tokenizers torch sentence_transformers onnx", "onnx torch exports"),
    ],
)
def test_a_runtime_needs_all_of_its_libraries(names: str, able: str) -> None:
    installed = Installed(dict.fromkeys(names.split(), "1"))
    can = {"onnx": installed.runs_onnx, "torch": installed.runs_torch, "exports": installed.exports}
    assert [name for name, yes in can.items() if yes] == able.split()
