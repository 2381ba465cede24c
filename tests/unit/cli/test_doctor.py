"""What the doctor finds, and how it is said."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest
from pydantic import SecretStr

from mcp_toolweaver.cli import doctor_checks, doctor_meaning
from mcp_toolweaver.cli.doctor_index import index_row
from mcp_toolweaver.cli.doctor_printing import print_report
from mcp_toolweaver.cli.doctor_rows import Row, worst
from mcp_toolweaver.config import EmbeddingSettings, Settings, load
from mcp_toolweaver.config.settings import IndexSettings
from mcp_toolweaver.embeddings.device import Device, Survey
from mcp_toolweaver.embeddings.installed import Installed
from mcp_toolweaver.embeddings.plan import make_plan

CPU = Device("cpu", 0, "Old Faithful", 8_000_000_000, cores=4)
GPU = Device("cuda", 0, "NVIDIA H200", 150_000_000_000, "13.0")
ONNX = {"onnxruntime": "1.31.0", "tokenizers": "0.23.3"}
ALL = Installed({**ONNX, "torch": "2.13.0", "sentence_transformers": "6.2.0"}, torch_cuda="13.0")


def lines(rows: Iterable[Row]) -> list[str]:
    """Return rows as texts; every one that is not ok has an advice."""
    return [f"{row.state} {row.name}: {row.finding}{' -> ' * bool(row.advice)}{row.advice}" for row in rows]


def one(rows: Iterable[Row]) -> Row:
    (row,) = rows
    assert bool(row.advice) == (row.state != "ok")
    return row


def test_no_configuration_is_a_warning() -> None:
    row = one(doctor_checks.configuration_rows(load(None, {})))
    assert (row.state, row.finding) == ("warning", "no configuration was found")
    assert "--config" in row.advice


def test_a_configuration_is_said_with_what_is_in_it(tmp_path: Path) -> None:
    config = tmp_path / "mcp.json"
    config.write_text('{"mcpServers": {"time": {"command": "uvx"}}}', encoding="utf-8")
    assert lines(doctor_checks.configuration_rows(load(config, {}))) == [f"ok file: {config}: 1 server or source"]


def test_every_problem_of_a_configuration_is_a_row(tmp_path: Path) -> None:
    config = tmp_path / "mcp.json"
    config.write_text('{"mcpServers": {"a": {"command": 1}, "b": {"command": "x"}}}', encoding="utf-8")
    rows = list(doctor_checks.configuration_rows(load(config, {"TOOLWEAVER_LOG_LEVEL": "loud"})))
    assert [(row.state, row.name) for row in rows] == [
        ("ok", "file"),
        ("problem", "TOOLWEAVER_LOG_LEVEL"),
        ("problem", "mcpServers.a.command"),
    ]
    assert all(row.advice for row in rows[1:])


def test_a_configuration_that_cannot_be_read_is_no_ok(tmp_path: Path) -> None:
    row = one(doctor_checks.configuration_rows(load(tmp_path / "nowhere.json", {})))
    assert (row.state, row.advice) == ("problem", "create it, or name another file")


def test_folders_that_are_not_there_yet_are_judged_by_the_one_above(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "a" / "b", cache_dir=tmp_path / "c")
    assert [(row.name, row.state) for row in doctor_checks.folder_rows(settings)] == [
        ("data_dir", "ok"),
        ("cache_dir", "ok"),
    ]
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    other = Path("/proc/self/x")
    settings = Settings(data_dir=tmp_path / "file" / "data", cache_dir=other, models_dir=other)
    rows = list(doctor_checks.folder_rows(settings))
    assert [row.state for row in rows] == ["problem", "problem", "warning"]
    assert "cannot be written" in rows[0].finding
    assert "set another cache_dir" in rows[1].advice


@pytest.mark.parametrize(
    ("index", "meaning", "where"),
    [
        (IndexSettings(), True, "in a folder below /data"),
        (IndexSettings(engine="memory"), True, "in memory, built anew by every process"),
        (IndexSettings(), False, "in memory, since search is by words alone"),
        (IndexSettings(url="https://me:secret@qdrant:6333/x?y=secret"), True, "on a Qdrant server, qdrant:6333"),
        (IndexSettings(url="qdrant", api_key=SecretStr("secret")), True, "on a Qdrant server, whose address is no URL"),
    ],
)
@pytest.mark.filterwarnings("default")
def test_the_index_is_said_without_secrets(index: IndexSettings, where: str, *, meaning: bool) -> None:
    settings = Settings(data_dir=Path("/data"), embedding=EmbeddingSettings(enabled=meaning), index=index)
    assert index_row(settings).finding == where


def test_libraries_are_said_with_versions_and_what_torch_was_built_for() -> None:
    def torch(installed: Installed) -> str:
        return next(row.finding for row in doctor_meaning.library_rows(installed) if row.name == "torch")

    assert torch(ALL) == "2.13.0, built for CUDA 13.0"
    assert torch(Installed({"torch": "2.13.0"}, torch_hip="7.2")) == "2.13.0, built for ROCm 7.2"
    assert torch(Installed({"torch": ""})) == "of an unknown version, built without CUDA"
    assert torch(Installed()).startswith("not installed; ")
    assert worst(list(doctor_meaning.library_rows(Installed()))) == "ok"


def test_devices_are_said_with_what_is_known_of_them() -> None:
    assert lines(doctor_meaning.device_rows(Survey((GPU, CPU)))) == [
        "ok cuda:0: NVIDIA H200, 150.0 GB of memory, driver for CUDA 13.0",
        "ok cpu: Old Faithful, 4 cores, 8.0 GB of memory",
    ]
    assert lines(doctor_meaning.device_rows(Survey((Device("cpu", 0, "Lone", cores=1),)))) == ["ok cpu: Lone, 1 core"]


def test_a_broken_driver_is_a_warning_with_an_advice() -> None:
    rows = list(doctor_meaning.device_rows(Survey((CPU,), ("an NVIDIA GPU seems to be there, but it sulks",))))
    assert (rows[1].state, rows[1].finding) == ("warning", "an NVIDIA GPU seems to be there, but it sulks")
    assert "nvidia-smi" in rows[1].advice


def test_what_runs_where_is_said_with_the_threads_of_the_cpu_only() -> None:
    plan = make_plan("auto", [GPU, CPU], ALL)
    assert lines(doctor_meaning.plan_rows(EmbeddingSettings(), plan)) == [
        "ok tools: torch on cuda:0",
        "ok queries: ONNX Runtime on the CPU, up to 2 threads",
    ]
    single = make_plan("auto", [Device("cpu", 0, "Lone", cores=1)], ALL)
    assert "up to 1 thread" in lines(doctor_meaning.plan_rows(EmbeddingSettings(), single))[0]


def test_a_device_that_was_asked_for_in_vain_is_a_problem_and_any_other_note_a_warning() -> None:
    in_vain = list(doctor_meaning.plan_rows(EmbeddingSettings(device="mps"), make_plan("mps", [CPU], ALL)))[-1]
    assert (in_vain.state, in_vain.name) == ("problem", "embedding.device = mps")
    assert in_vain.advice == "set embedding.device to auto or cpu"
    nothing = one(doctor_meaning.plan_rows(EmbeddingSettings(), make_plan("auto", [CPU], Installed())))
    assert (nothing.state, nothing.advice) == ("warning", "pip install 'mcp-toolweaver[embeddings]'")


def test_search_by_words_alone_on_purpose_is_ok() -> None:
    row = one(doctor_meaning.plan_rows(EmbeddingSettings(enabled=False), make_plan("auto", [CPU], Installed())))
    assert (row.state, row.finding) == ("ok", "by words alone: embedding.enabled is false")


def test_the_report_is_a_table_and_what_to_do_in_lines_of_their_own(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [
        Row("one", "fine", "all [good]"),
        Row("two", "bad\x1b[31m\nname", "broken\u202e", "problem", f"run {'very-long-command ' * 12}--now"),
        Row("two", "so so", "limps", "warning", "rest"),
    ]
    print_report(rows)
    text = capsys.readouterr().out
    assert "\x1b" not in text
    assert "\u202e" not in text
    shown = text.splitlines()
    assert "all [good]" in text
    assert "1 problem and 1 warning; what to do:" in shown
    assert shown[-2:] == [
        f"  problem bad name: run {'very-long-command ' * 12}--now",
        "  warning so so: rest",
    ]


def test_where_nothing_is_wrong_the_report_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    print_report([Row("one", "fine", "good")])
    assert capsys.readouterr().out.splitlines()[-1] == "all is well"


@pytest.mark.parametrize(
    ("states", "whole"),
    [([], "ok"), (["ok", "ok"], "ok"), (["ok", "warning"], "warning"), (["warning", "problem", "ok"], "problem")],
)
def test_the_worst_row_decides(states: list[str], whole: str) -> None:
    found: dict[str, Row] = {
        "ok": Row("s", "n", "f"),
        "warning": Row("s", "n", "f", "warning", "a"),
        "problem": Row("s", "n", "f", "problem", "a"),
    }
    assert worst([found[state] for state in states]) == whole
