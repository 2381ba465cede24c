"""The commands as a person runs them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.interaction.servers import COMPANY, DEMO_CATALOG, ROOT, TIME, environment, write_config

QUERIES = ROOT / "mcp_toolweaver" / "demo" / "queries.jsonl"
TOKYO = '{"timezone": "Asia/Tokyo"}'


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return write_config(tmp_path, {"time": TIME}, sources=[COMPANY])


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run ``toolweaver`` with its data in a folder of the test, and without the model."""
    command = [sys.executable, "-m", "mcp_toolweaver", *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, env=environment(folder, COLUMNS="120"), timeout=90, check=False
    )


def test_search_prints_the_tools_it_found(config: Path) -> None:
    done = run(config.parent, "search", "refund a payment", "--config", str(config), "-n", "3")
    assert done.returncode == 0
    assert "paydesk__refund_payment" in done.stdout
    assert "confidence" in done.stdout


def test_search_that_finds_nothing_says_so_and_has_status_1(config: Path) -> None:
    done = run(config.parent, "search", "qqqq zzzz xxxx", "--config", str(config), "--json")
    assert done.returncode == 1
    assert json.loads(done.stdout)["confidence"] == "none"


def test_call_prints_what_the_tool_returned(config: Path) -> None:
    done = run(config.parent, "call", "time__get_current_time", TOKYO, "--config", str(config))
    assert done.returncode == 0
    assert json.loads(done.stdout)["timezone"] == "Asia/Tokyo"
    whole = run(config.parent, "call", "time__get_current_time", TOKYO, "--config", str(config), "--json")
    assert json.loads(whole.stdout)["content"][0]["type"] == "text"


@pytest.mark.parametrize(
    ("arguments", "status", "complaint"),
    [
        (["call", "time__get_curent_time", TOKYO], 1, "time__get_current_time"),
        (["call", "time__get_current_time", "{}"], 1, "get_current_time(timezone: string)"),
        (["call", "time__get_current_time", "{timezone}"], 2, "not JSON"),
        (["call", "time__get_current_time", "[1]"], 2, "JSON object"),
        (["call", "paydesk__refund_payment", "{}"], 1, "no server stands behind it"),
        (["search", ""], 2, "empty"),
        (["list", "nobody"], 2, "time"),
    ],
    ids=["name", "missing", "no JSON", "no object", "from a file", "empty", "no server"],
)
def test_mistakes_get_one_clear_line(config: Path, arguments: list[str], status: int, complaint: str) -> None:
    done = run(config.parent, *arguments, "--config", str(config))
    assert done.returncode == status
    assert complaint in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_list_shows_servers_and_the_tools_of_one(config: Path) -> None:
    servers = run(config.parent, "list", "--config", str(config))
    assert servers.returncode == 0
    assert "400 tools" in servers.stdout
    assert "ready" in servers.stdout
    tools = run(config.parent, "list", "time", "--config", str(config))
    assert "time__convert_time" in tools.stdout
    listed = json.loads(run(config.parent, "list", "--tools", "--json", "--config", str(config)).stdout)
    assert listed["tool_count"] == len(listed["tools"]) == 400


def test_vs_code_and_toml_are_read_as_they_are(tmp_path: Path) -> None:
    vs_code = tmp_path / "vscode.json"
    entry = {"type": "stdio", **TIME}
    vs_code.write_text(f"// as VS Code writes it\n{json.dumps({'servers': {'clock': entry}, 'inputs': []})}")
    toml = tmp_path / "toolweaver.toml"
    arguments = json.dumps(TIME["args"])
    toml.write_text(f'[mcpServers.clock]\ncommand = "{TIME["command"]}"\nargs = {arguments}\n', encoding="utf-8")
    for file in (vs_code, toml):
        done = run(tmp_path, "list", "--json", "--config", str(file))
        assert [(each["name"], each["state"]) for each in json.loads(done.stdout)["servers"]] == [("clock", "ready")]


def test_eval_measures_a_labelled_set(tmp_path: Path) -> None:
    command = ["eval", "--catalog", str(DEMO_CATALOG), "--queries", str(QUERIES), "--words-only"]
    report = json.loads(run(tmp_path, *command, "--json").stdout)
    assert report["queries"] == 120
    assert report["unanswerable"] == 15
    assert 0.3 < report["metrics"]["nDCG@10"] < 1
    assert set(report["by_kind"]) == {"paraphrase", "keyword", "server-named", "multi", "nomatch"}
    shown = run(tmp_path, *command, "--failures", "2").stdout
    assert "nDCG@10" in shown
    assert shown.count("missed") == 2


def test_eval_reads_plain_relevant_names_and_a_single_file(tmp_path: Path) -> None:
    catalog, queries = tmp_path / "tools.jsonl", tmp_path / "queries.jsonl"
    catalog.write_text('{"name": "open_box", "description": "Open the box."}\n{"name": "sing"}\n', encoding="utf-8")
    queries.write_text('{"id": 1, "query": "open the box", "relevant": ["open_box"]}\n', encoding="utf-8")
    done = run(tmp_path, "eval", "--catalog", str(catalog), "--queries", str(queries), "--json")
    assert json.loads(done.stdout)["metrics"] == {
        "recall@1": 1.0,
        "recall@3": 1.0,
        "recall@5": 1.0,
        "recall@10": 1.0,
        "nDCG@10": 1.0,
        "MRR": 1.0,
        "hit@1": 1.0,
    }


@pytest.mark.parametrize(
    ("catalog", "queries", "complaint"),
    [
        ("nowhere", str(QUERIES), "nowhere does not exist"),
        (str(DEMO_CATALOG), "nowhere.jsonl", "nowhere.jsonl"),
        (str(DEMO_CATALOG), "other.jsonl", "another catalog"),
    ],
)
def test_eval_of_files_that_do_not_fit_says_so(tmp_path: Path, catalog: str, queries: str, complaint: str) -> None:
    (tmp_path / "other.jsonl").write_text('{"query": "x", "needs": [["a::b"]]}\n', encoding="utf-8")
    labelled = queries if queries == str(QUERIES) else str(tmp_path / queries)
    done = run(tmp_path, "eval", "--catalog", catalog, "--queries", labelled, "--words-only")
    assert done.returncode == 2
    assert complaint in done.stderr
    assert "Traceback" not in done.stderr


def test_the_demo_searches_and_calls(tmp_path: Path) -> None:
    done = run(tmp_path, "demo", "--words-only")
    assert done.returncode == 0, done.stderr
    assert "412 tools" in done.stdout
    assert "Asia/Tokyo" in done.stdout
    assert "search_tools, get_tool_details, call_tool" in done.stdout
    assert "pagerline__" in done.stdout


def test_without_a_configuration_it_starts_and_says_how_to_name_one(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mcp_toolweaver", "list", "--json"]
    done = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, env=environment(tmp_path), timeout=60, check=False
    )
    assert json.loads(done.stdout) == {"servers": [], "tool_count": 0}
    assert "--config FILE" in done.stderr
