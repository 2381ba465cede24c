"""The owner asks what is here and what will run where."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from mcp_toolweaver.embeddings.installed import LIBRARIES
from tests.interaction.servers import COMPANY, TIME, environment, write_config

BARE = f"""
import sys
sys.modules.update(dict.fromkeys({list(LIBRARIES)!r}))
from mcp_toolweaver.__main__ import main
main()
"""
"""Toolweaver where no library for embedding can be found or imported."""
WATCHED = f"""
import atexit, sys
from mcp_toolweaver.__main__ import main
heavy = {[name for name in LIBRARIES if name != "huggingface_hub"]!r}
atexit.register(lambda: print("imported:", *[name for name in heavy if name in sys.modules], file=sys.stderr))
main()
"""
"""Toolweaver that says at its end what was imported."""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return write_config(tmp_path, {}, sources=[COMPANY])


def run(
    folder: Path, *arguments: str, code: str | None = None, meaning: bool = True, **more: str
) -> subprocess.CompletedProcess[str]:
    """Run ``toolweaver doctor`` with its data in a folder of the test, in that folder."""
    start = ["-m", "mcp_toolweaver"] if code is None else ["-c", code]
    wanted = {"COLUMNS": "120", "TOOLWEAVER_EMBEDDING__ENABLED": str(meaning).lower(), **more}
    return subprocess.run(
        [sys.executable, *start, "doctor", *arguments],
        capture_output=True,
        text=True,
        env=environment(folder, **wanted),
        cwd=folder,
        timeout=90,
        check=False,
    )


def rows(done: subprocess.CompletedProcess[str]) -> dict[str, dict[str, Any]]:
    return {row["name"]: row for row in json.loads(done.stdout)["rows"]}


def test_it_says_what_is_here_without_importing_any_of_it(config: Path) -> None:
    done = run(config.parent, "--config", str(config), code=WATCHED)
    assert done.returncode == 0
    assert done.stderr.splitlines() == ["imported:"]
    for said in ("onnxruntime", "cpu", "what runs where", "all-MiniLM-L6-v2", "data_dir", "in a folder below"):
        assert said in done.stdout


def test_programs_get_an_object(config: Path) -> None:
    done = run(config.parent, "--config", str(config), "--json", TOOLWEAVER_EMBEDDING__DEVICE="cpu")
    found = json.loads(done.stdout)
    assert (done.returncode, done.stderr) == (0, "")
    assert found["devices"][-1]["kind"] == "cpu"
    assert found["plan"]["queries"][0] == {"runtime": "onnx", "device": "cpu"}
    assert found["state"] == ("warning" if any(row["state"] == "warning" for row in found["rows"]) else "ok")
    assert all(bool(row["advice"]) == (row["state"] != "ok") for row in found["rows"])


def test_with_nothing_installed_but_the_base_it_says_what_to_install(config: Path) -> None:
    done = run(config.parent, "--config", str(config), "--json", code=BARE)
    found = rows(done)
    assert (done.returncode, json.loads(done.stdout)["state"]) == (0, "warning")
    assert found["note"]["advice"] == "pip install 'mcp-toolweaver[embeddings]'"
    assert found["torch"]["finding"].startswith("not installed")


def test_a_problem_has_status_1_and_is_said_once(config: Path) -> None:
    done = run(config.parent, "--config", "nowhere.json", TOOLWEAVER_EMBEDDING__DEVICE="cuda:99")
    assert (done.returncode, done.stderr) == (1, "")
    last = done.stdout.splitlines()[-2:]
    assert last[0] == "  problem file: create it, or name another file"
    assert last[1].startswith("  problem embedding.device = cuda:99: set embedding.device to ")


def test_the_file_of_this_folder_is_found_as_by_the_other_commands(config: Path) -> None:
    config.rename(config.with_name(".mcp.json"))
    assert "1 server or source" in rows(run(config.parent, "--json", meaning=False))["file"]["finding"]
    config.with_name(".mcp.json").unlink()
    done = run(config.parent, "--json", meaning=False)
    assert (done.returncode, rows(done)["file"]["state"], json.loads(done.stdout)["plan"]) == (0, "warning", None)


def test_a_narrow_terminal_without_colours_gets_all_of_it(config: Path) -> None:
    done = run(config.parent, "--config", str(config), meaning=False, COLUMNS="44", NO_COLOR="1", FORCE_COLOR="1")
    assert "\x1b[3" not in done.stdout
    table = re.sub("\x1b.*?m", "", done.stdout).partition("all is well")[0]
    assert max(map(len, table.splitlines())) <= 44
    assert "by words alone" in " ".join(table.split())


def test_every_server_is_started_listed_and_timed_and_what_hides_in_it_stays_hidden(tmp_path: Path) -> None:
    secret = "hush-hush-0123456789"
    servers = {
        "time": {**TIME, "args": [*TIME["args"], f"--local-timezone={'UTC'}"], "env": {"TOKEN": secret}},
        "gone": {"command": "npx", "args": ["-y", "thing", f"--key={secret}"], "env": {"PATH": str(tmp_path)}},
        "far": {"url": f"http://user:{secret}@127.0.0.1:9/mcp?key={secret}", "headers": {"X-Key": secret}},
    }
    config = write_config(tmp_path, servers, sources=[COMPANY])
    done = run(tmp_path, "--config", str(config), "--json", meaning=False)
    found = rows(done)
    assert done.returncode == 1
    assert secret not in done.stdout + done.stderr
    assert found["time"]["state"] == "ok"
    assert re.match(r"2 tools after [\d.]+ s \(connecting [\d.]+, listing [\d.]+\); ", found["time"]["finding"])
    assert found["time"]["finding"].endswith("(environment: TOKEN)")
    assert found["far"]["state"] == "problem"
    assert found["far"]["finding"].endswith("; http://127.0.0.1:9/mcp over http (headers: X-Key)")
    assert found["gone"]["advice"].startswith("install Node.js, which brings npx")
    assert found["company"]["state"] == "ok"


def test_nothing_is_started_where_that_is_not_wanted(tmp_path: Path) -> None:
    mark = tmp_path / "started"
    config = write_config(tmp_path, {"one": {"command": "touch", "args": [str(mark)]}})
    done = run(tmp_path, "--config", str(config), "--no-start", "--json", meaning=False)
    assert (done.returncode, rows(done)["one"]["finding"]) == (0, "not started; touch with 1 argument")
    assert not mark.exists()


def test_a_qdrant_that_does_not_answer_is_a_problem(tmp_path: Path) -> None:
    config = write_config(tmp_path, {}, sources=[COMPANY])
    done = run(tmp_path, "--config", str(config), "--json", TOOLWEAVER_INDEX__URL="http://127.0.0.1:9")
    found = rows(done)["engine"]
    assert (done.returncode, found["state"]) == (1, "problem")
    assert found["finding"].startswith("on a Qdrant server, 127.0.0.1:9: ")
