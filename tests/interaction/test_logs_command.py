"""``toolweaver logs``: what a server wrote to stderr and what happened to it, without its secrets."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from mcp_toolweaver.proxy.log_file import LARGEST_LOG, append, log_path, older
from tests.interaction.servers import environment, write_config

TALK = "import os, sys; sys.stderr.write('one\\ntwo ' + os.environ['TOKEN'] + '\\n'); sys.exit(4)"
COMMAND = [sys.executable, "-m", "mcp_toolweaver"]


@pytest.fixture
def config(tmp_path: Path) -> Path:
    server = {"command": sys.executable, "args": ["-c", TALK], "env": {"TOKEN": "t0ken-t0ken"}}
    return write_config(tmp_path, {"talker": server, "later": server | {"disabled": False}})


def toolweaver(config: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [*COMMAND, *arguments, "--config", str(config)]
    return subprocess.run(
        command, capture_output=True, text=True, env=environment(config.parent), timeout=60, check=False
    )


def logs_of(config: Path) -> Path:
    return config.parent / "data" / "toolweaver" / "logs"


def test_the_log_of_a_server_tells_its_life_and_its_words_without_secrets(config: Path) -> None:
    toolweaver(config, "list")
    done = toolweaver(config, "logs", "talker")
    assert done.returncode == 0, done.stderr
    assert "# started: process" in done.stdout
    assert "| one\n" in done.stdout
    assert "| two ***\n" in done.stdout
    assert "# ended: status 4" in done.stdout
    last = toolweaver(config, "logs", "talker", "--lines", "1", "--json")
    (line,) = json.loads(last.stdout)["lines"]
    assert (line["kind"], line["text"]) == ("event", "ended: status 4")


def test_a_server_that_is_not_there_is_an_error_with_those_that_have_logs(config: Path) -> None:
    toolweaver(config, "list")
    done = toolweaver(config, "logs", "nobody")
    assert done.returncode == 2
    assert "no server 'nobody'" in done.stderr
    assert "later, talker" in done.stderr


def test_a_server_that_was_never_started_has_no_log_yet(config: Path) -> None:
    done = toolweaver(config, "logs", "talker")
    assert done.returncode == 1
    assert "no log yet" in done.stderr


def test_a_log_is_followed_over_its_change_of_files(config: Path) -> None:
    path = log_path(logs_of(config), "talker")
    append(path, "t | first\n")
    command = [*COMMAND, "logs", "talker", "--follow", "--config", str(config)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment(config.parent)) as process:
        assert process.stdout is not None
        try:
            assert process.stdout.readline() == "t | first\n"
            append(path, "t | " + "x" * LARGEST_LOG + "\n")
            assert older(path).exists()
            append(path, "t | last\n")
            assert len(process.stdout.readline()) > LARGEST_LOG
            assert process.stdout.readline() == "t | last\n"
        finally:
            process.kill()
