"""What the guides show is what the commands print."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.interaction.servers import environment

DOCS = Path(__file__).parents[2] / "docs"
GUIDE = DOCS / "guides" / "troubleshooting.md"
_BLOCK = re.compile(r"^```console\n(.*?)^```", re.DOTALL | re.MULTILINE)
_ANY = "…"
PATH = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"


def _commands() -> Iterator[tuple[str, str]]:
    """Yield each command of the guide, and what it is said to print."""
    for block in _BLOCK.findall(GUIDE.read_text(encoding="utf-8")):
        for shown in ("\n" + block).split("\n$ ")[1:]:
            command, _, output = shown.partition("\n")
            yield command, output


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("office")
    return Path(shutil.copytree(DOCS / "examples" / "office", folder / "office"))


@pytest.mark.parametrize(("command", "output"), list(_commands()))
def test_a_command_prints_what_the_guide_shows(office: Path, command: str, output: str) -> None:
    program, *arguments = shlex.split(command)
    assert program == "toolweaver"
    done = subprocess.run(
        [sys.executable, "-m", "mcp_toolweaver", *arguments],
        cwd=office,
        env={**environment(office.parent, COLUMNS="100"), "PATH": PATH},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    printed = "\n".join(line.rstrip() for line in done.stdout.splitlines()).rstrip()
    assert re.fullmatch(_pattern(output.rstrip()), printed, re.DOTALL), f"{printed}\n\n{done.stderr}"


def _pattern(output: str) -> str:
    """Return the pattern of an output, in which a line of its own that says … stands for any lines."""
    lines = [r"(?:.*?)" if line.strip() == _ANY else _line(line) for line in output.splitlines()]
    return "\n".join(lines)


def _line(line: str) -> str:
    return r"[^\n]*?".join(re.escape(part) for part in line.split(_ANY))


def test_the_guide_has_transcripts() -> None:
    assert len(list(_commands())) >= 6
