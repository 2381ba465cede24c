"""The owner looks at the index, builds it anew, and moves its vectors to another place."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mcp_toolweaver.index.portable import reading, writing
from tests.interaction.servers import environment

SHELF = [
    {"name": "open_box", "description": "Open the box.", "server": "store", "domain": "storage"},
    {"name": "close_box", "description": "Close the box again.", "server": "store", "domain": "storage"},
    {"name": "sing", "description": "Sing a song.", "server": "choir"},
]


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "tools.jsonl").write_text("\n".join(json.dumps(tool) for tool in SHELF), encoding="utf-8")
    sources = [{"kind": "json_file", "name": "shelf", "path": "tools.jsonl"}]
    (tmp_path / "mcp.json").write_text(json.dumps({"sources": sources}), encoding="utf-8")
    return tmp_path / "mcp.json"


def run(
    home: Path, config: Path, *arguments: str, meaning: bool = False, **settings: str
) -> subprocess.CompletedProcess[str]:
    """Run ``toolweaver index`` with its data in the folder ``home``, and settings of the index."""
    command = [sys.executable, "-m", "mcp_toolweaver", "index", *arguments, "--config", str(config)]
    own = {f"TOOLWEAVER_INDEX__{name.upper()}": value for name, value in settings.items()}
    env = environment(home, COLUMNS="120", TOOLWEAVER_EMBEDDING__ENABLED=str(meaning).lower(), **own)
    return subprocess.run(command, capture_output=True, text=True, env=env, timeout=90, check=False)


def printed(home: Path, config: Path, *arguments: str, meaning: bool = False, **settings: str) -> dict[str, Any]:
    done = run(home, config, *arguments, "--json", meaning=meaning, **settings)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["embedded", "memory"])
def test_after_a_rebuild_the_index_is_in_step(tmp_path: Path, config: Path, engine: str) -> None:
    built = printed(tmp_path, config, "rebuild", meaning=True, engine=engine)
    assert (built["in_step"], built["tools"], built["with_vector"]) == (True, 3, 3)
    assert built["domains"] == {"storage": 2, "choir": 1}
    assert (built["store"]["engine"], built["store"]["lasts"]) == (engine, engine == "embedded")
    found = printed(tmp_path, config, "status", meaning=True, engine=engine)
    assert (found["in_step"], found["generation"]) == (True, built["generation"])


def test_without_search_by_meaning_the_index_is_in_memory(tmp_path: Path, config: Path) -> None:
    found = printed(tmp_path, config, "status")
    assert (found["in_step"], found["tools"], found["with_vector"], found["space"]) == (True, 3, 0, "")
    assert found["store"]["engine"] == "memory"


def test_status_is_a_table_for_people(tmp_path: Path, config: Path) -> None:
    generation = printed(tmp_path, config, "status")["generation"]
    done = run(tmp_path, config, "status")
    assert done.returncode == 0, done.stderr
    for said in ("engine", "in step", "storage 2, choir 1", generation):
        assert said in done.stdout


@pytest.mark.slow
def test_a_tool_that_is_new_puts_the_index_out_of_step(tmp_path: Path, config: Path) -> None:
    printed(tmp_path, config, "rebuild", meaning=True)
    with (tmp_path / "tools.jsonl").open("a", encoding="utf-8") as file:
        file.write('\n{"name": "dance", "description": "Dance.", "server": "choir"}\n')
    done = run(tmp_path, config, "status", meaning=True)
    assert done.returncode == 1
    assert "1 tool not in it yet" in done.stdout


def test_rebuild_without_any_tool_leaves_the_index_alone(tmp_path: Path) -> None:
    empty = tmp_path / "empty.json"
    empty.write_text('{"mcpServers": {}}', encoding="utf-8")
    done = run(tmp_path, empty, "rebuild")
    assert done.returncode == 2
    assert "left as it is" in done.stderr
    assert done.stdout == ""


def write_others(file: Path, changed: Path) -> None:
    """Write a file of the same texts whose vectors are none that the model would make."""
    with reading(file) as whole, writing(changed, whole.space) as others:
        for batch in whole.batches():
            others.add({text: np.roll(vector, 1) for text, vector in batch.items()})


def assert_same_vectors(one: Path, other: Path) -> None:
    with reading(one) as left, reading(other) as right:
        assert (left.space, left.count) == (right.space, right.count)
        for some, others in zip(left.batches(), right.batches(), strict=True):
            assert list(some) == list(others)
            np.testing.assert_allclose(list(some.values()), list(others.values()), atol=1e-6)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_vectors_move_to_another_place_where_none_is_embedded_unless_told(tmp_path: Path, config: Path) -> None:
    here, there, made, moved, found = (tmp_path / name for name in ("here", "there", "made", "moved", "found"))
    assert printed(here, config, "rebuild", meaning=True)["with_vector"] == 3
    sent = printed(here, config, "export", str(made), meaning=True)
    assert (sent["vectors"], sent["texts"], sent["found"]) == (3, 3, 3)
    write_others(made, moved)
    assert printed(there, config, "import", str(moved), meaning=True)["found"] == 3
    assert printed(there, config, "status", meaning=True)["with_vector"] == 3
    printed(there, config, "export", str(found), meaning=True)
    assert_same_vectors(found, moved)
    printed(there, config, "rebuild", "--embed", meaning=True)
    printed(there, config, "export", str(found), "--force", meaning=True)
    assert_same_vectors(found, made)


def test_a_server_that_is_away_gets_one_clear_line(tmp_path: Path, config: Path) -> None:
    url, key = "http://127.0.0.1:1", "do-not-show"
    shown = run(tmp_path, config, "status", "--json", meaning=True, engine="qdrant", url=url, api_key=key)
    found = json.loads(shown.stdout)
    assert (shown.returncode, found["in_step"], found["store"]["engine"]) == (1, False, "qdrant")
    assert url.removeprefix("http://") in found["reason"]
    rebuilt = run(tmp_path, config, "rebuild", meaning=True, engine="qdrant", url=url, api_key=key)
    assert (rebuilt.returncode, rebuilt.stdout) == (1, "")
    assert url.removeprefix("http://") in rebuilt.stderr
    for said in (shown.stdout, shown.stderr, rebuilt.stderr):
        assert key not in said
        assert "Traceback" not in said


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["export", "vectors.bin"], "embedding.enabled"),
        (["export", "tools.jsonl"], "exists already"),
        (["import", "tools.jsonl"], "no file that `toolweaver index export` wrote"),
        (["import", "nowhere.bin"], "nowhere.bin"),
    ],
)
def test_files_that_do_not_fit_get_one_clear_line(
    tmp_path: Path, config: Path, arguments: list[str], complaint: str
) -> None:
    before = (tmp_path / "tools.jsonl").read_bytes()
    done = run(tmp_path, config, arguments[0], str(tmp_path / arguments[1]))
    assert done.returncode == 2
    assert complaint in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    assert (tmp_path / "tools.jsonl").read_bytes() == before
    assert not (tmp_path / "vectors.bin").exists()
