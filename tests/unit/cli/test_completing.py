"""A shell completes the names of the configuration, without starting anything or opening a keyring."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mcp_toolweaver.cli.completion_command import usual_shell
from tests.interaction.servers import environment

CONFIG = """
toolweaver.profiles.guests = { allow = { servers = ["*"] } }
[mcpServers.github]
command = "no-such-program"
env = { TOKEN = "${keyring:toolweaver/github}" }
[mcpServers.jira]
command = "x"
[mcpServers.my-files]
url = "https://x.example/mcp"
domain = "storage"
[mcpServers."x$(touch pwned)"]
command = "x"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "toolweaver.toml").write_text(CONFIG, encoding="utf-8")
    return tmp_path


def completed(folder: Path, words: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Return what bash is offered, as the completion function asks for it."""
    asks = {"COMP_WORDS": words, "COMP_CWORD": str(words.count(" ")), "_TOOLWEAVER_COMPLETE": "complete_bash"}
    return subprocess.run(
        [str(Path(sys.executable).with_name("toolweaver"))],
        capture_output=True,
        text=True,
        env={**environment(folder), **asks, **more},
        cwd=folder,
        timeout=90,
        check=False,
    )


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ("toolweaver logs ", ["github", "jira", "my-files"]),
        ("toolweaver search x --domain ", ["atlassian", "github", "jira", "my-files", "storage"]),
        ("toolweaver search x --profile g", ["guests"]),
        ("toolweaver token add x --profile g", ["guests"]),
        ("toolweaver remove my", ["my-files"]),
        ("toolweaver comp", ["completion"]),
        ("toolweaver completion z", ["zsh"]),
    ],
)
def test_names_of_the_configuration_are_offered_but_none_that_a_shell_would_run(
    folder: Path, words: str, names: list[str]
) -> None:
    assert completed(folder, words).stdout.split() == names


def test_the_script_that_is_printed_completes_in_a_real_shell(folder: Path) -> None:
    script = (
        "source <(toolweaver completion bash); COMP_WORDS=(toolweaver logs gi); COMP_CWORD=2; "
        '_toolweaver_completion toolweaver; echo "${COMPREPLY[@]}"'
    )
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-c", script],
        capture_output=True,
        text=True,
        env={**environment(folder), "PATH": path},
        cwd=folder,
        timeout=90,
        check=False,
    )
    assert done.stdout.strip() == "github", done.stderr


def test_nothing_is_started_and_no_keyring_opened_for_a_name(folder: Path) -> None:
    done = completed(folder, "toolweaver logs gi", PYTHONPROFILEIMPORTTIME="1")
    imported = {line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines()}
    assert done.stdout.split() == ["github"]
    assert "typer" in imported
    assert not imported & {"keyring", "httpx2", "mcp", "numpy", "anyio", "qdrant_client"}


@pytest.mark.parametrize(
    ("path", "platform", "shell"),
    [
        ("/usr/bin/zsh", "linux", "zsh"),
        ("/bin/bash", "darwin", "bash"),
        ("/bin/tcsh", "linux", None),
        ("", "linux", None),
        ("", "win32", "powershell"),
    ],
)
def test_the_shell_is_the_one_that_is_used(path: str, platform: str, shell: str | None) -> None:
    assert usual_shell(path, platform) == shell
