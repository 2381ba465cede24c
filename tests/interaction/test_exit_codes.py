"""The status that commands end with is the one that the reference has."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from mcp_toolweaver.cli.exit_codes import ExitCode
from mcp_toolweaver.cli.main import app
from mcp_toolweaver.cli.teaching import EXAMPLES, LESSONS, name_of
from tests.interaction.servers import COMPANY, environment, write_config

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"
GOOD, BAD = "good", "bad"


@pytest.fixture(scope="module")
def configs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("codes")
    made: dict[str, Path] = {}
    for name, servers in {GOOD: {}, BAD: {"gone": {"command": "no-such-program"}}}.items():
        (folder / name).mkdir()
        made[name] = write_config(folder / name, servers, sources=[COMPANY])
    return made


@pytest.mark.parametrize(
    ("config", "arguments", "status"),
    [
        (GOOD, ["list"], ExitCode.OK),
        (BAD, ["list"], ExitCode.FOUND_WANTING),
        (GOOD, ["list", "nobody"], ExitCode.WRONG_USAGE),
        (GOOD, ["search", "create an issue", "--words-only"], ExitCode.OK),
        (GOOD, ["search", "qzxv", "--words-only"], ExitCode.FOUND_WANTING),
        (GOOD, ["search", "x", "--profile", "nope"], ExitCode.WRONG_USAGE),
        (GOOD, ["call", "no_such_tool"], ExitCode.FOUND_WANTING),
        (GOOD, ["call", "x", "{"], ExitCode.WRONG_USAGE),
        (GOOD, ["explain", "create an issue", "--tool", "gone__x", "--words-only"], ExitCode.FOUND_WANTING),
        (GOOD, ["status"], ExitCode.FOUND_WANTING),
        (GOOD, ["doctor", "--no-start", "--frobnicate"], ExitCode.WRONG_USAGE),
        (GOOD, ["connect", "emacs"], ExitCode.WRONG_USAGE),
        (GOOD, ["registry", "search", "x", "--source", "nowhere.json"], ExitCode.FOUND_WANTING),
        (GOOD, ["remove", "nobody"], ExitCode.WRONG_USAGE),
    ],
)
def test_a_command_ends_with_the_status_of_the_reference(
    configs: dict[str, Path], config: str, arguments: list[str], status: ExitCode
) -> None:
    folder = configs[config].parent
    done = subprocess.run(
        [sys.executable, "-m", "mcp_toolweaver", *arguments, "--config", str(configs[config])],
        capture_output=True,
        text=True,
        env=environment(folder),
        cwd=folder,
        timeout=120,
        check=False,
    )
    assert (done.returncode, "Traceback" in done.stderr) == (status, False), done.stderr


def test_the_reference_has_every_status() -> None:
    text = (REFERENCE / "exit-codes.md").read_text(encoding="utf-8")
    rows = [line.split("|")[1].strip() for line in text.splitlines() if line.startswith("|")]
    assert [int(row) for row in rows if row.isdigit()] == sorted(ExitCode)


def test_every_command_has_its_panel_an_example_and_help() -> None:
    infos: list[Any] = [*app.registered_commands, *app.registered_groups]
    assert {name_of(info) for info in infos} == set(LESSONS)
    for info in infos:
        assert info.rich_help_panel
        assert f"toolweaver {name_of(info)}" in str(info.epilog)
        below = info.typer_instance.registered_commands if hasattr(info, "typer_instance") else ()
        for each in below:
            assert f"toolweaver {name_of(info)} {name_of(each)}" in str(each.epilog)
    assert all(example.startswith(f"toolweaver {name}") for name, example in EXAMPLES.items())


def test_the_reference_of_commands_is_that_of_the_commands() -> None:
    made = subprocess.run(
        [sys.executable, "-m", "typer", "mcp_toolweaver.cli.main", "utils", "docs", "--name", "toolweaver"],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    ).stdout
    assert (REFERENCE / "cli.md").read_text(encoding="utf-8") == made, "make docs-cli writes it anew"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_gets_names_of_the_configuration(configs: dict[str, Path], shell: str) -> None:
    folder = configs[BAD].parent
    (folder / "toolweaver.json").write_bytes(configs[BAD].read_bytes())
    words = {"COMP_WORDS": "toolweaver logs g", "COMP_CWORD": "2"}
    others = {"_TYPER_COMPLETE_ARGS": "toolweaver logs g", "_TYPER_COMPLETE_FISH_ACTION": "get-args"}
    completes = {"_TOOLWEAVER_COMPLETE": f"complete_{shell}", "PYTHONPROFILEIMPORTTIME": "1"}
    done = subprocess.run(
        [str(Path(sys.executable).with_name("toolweaver"))],
        capture_output=True,
        text=True,
        env={**environment(folder), **words, **others, **completes},
        cwd=folder,
        timeout=60,
        check=False,
    )
    assert "gone" in done.stdout, done.stderr[-500:]
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "typer" in imported
    assert not imported & {"numpy", "qdrant_client", "torch", "mcp"}
