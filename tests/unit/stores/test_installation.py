"""The name of an installation, which its catalog on a shared server is called by."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mcp_toolweaver.index.installation import installation


def test_a_name_is_made_once_and_kept(tmp_path: Path) -> None:
    name = installation(tmp_path / "new")
    assert len(name) == 32
    assert installation(tmp_path / "new") == name
    assert installation(tmp_path / "other") != name


def test_all_that_start_at_once_have_the_same_name(tmp_path: Path) -> None:
    for number in range(50):
        with ThreadPoolExecutor(8) as threads:
            names = set(threads.map(installation, [tmp_path / str(number)] * 8))
        assert len(names) == 1
        assert len((tmp_path / str(number) / "catalog-id").read_text(encoding="utf-8")) == 32


def test_an_empty_file_which_a_crash_left_is_filled(tmp_path: Path) -> None:
    (tmp_path / "catalog-id").write_text("", encoding="utf-8")
    assert len(installation(tmp_path)) == 32
    assert installation(tmp_path) == installation(tmp_path)


def test_where_nothing_can_be_kept_the_name_is_new_and_the_owner_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    (tmp_path / "folder" / "catalog-id").mkdir(parents=True)
    for folder in (tmp_path / "file", tmp_path / "folder"):
        caplog.clear()
        assert len(installation(folder)) == 32
        assert "set index.catalog" in caplog.text
