"""Logging in at a server that wants OAuth, through the commands and through a server that runs meanwhile."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path

import anyio
import httpx2
import pytest

from tests.fakes.oauth_world import MARK, World, world
from tests.interaction.servers import environment, host, text_of, write_config

pytestmark = pytest.mark.anyio

COMMAND = [sys.executable, "-m", "mcp_toolweaver"]
NO_KEYRING = "keyring.backends.fail.Keyring"
WHISPER = {"name": "vault__whisper", "arguments": {"word": "hello"}}
QUIETLY = {"query": "say a word quietly"}


@pytest.fixture(scope="module")
def guarded() -> Generator[World]:
    with world() as served:
        yield served


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory, guarded: World) -> Path:
    return write_config(tmp_path_factory.mktemp("login"), {"vault": {"url": f"{guarded.url}/mcp"}})


def run(config: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [*COMMAND, arguments[0], "--config", str(config), *arguments[1:]]
    return subprocess.run(command, capture_output=True, text=True, env=_environment(config), timeout=120, check=False)


def log_in(config: Path, *arguments: str) -> tuple[int, str, str]:
    """Run ``login``, and be its browser."""
    command = [*COMMAND, "login", "vault", "--config", str(config), "--no-browser", *arguments]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=_environment(config)
    ) as process:
        assert process.stderr is not None
        told = ""
        while not (found := re.search(r"^(http://\S+/authorize\S+)$", told, re.MULTILINE)):
            line = process.stderr.readline()
            assert line, told
            told += line
        page = httpx2.get(found[1], follow_redirects=True, timeout=60)
        assert page.status_code == 200
        out, rest = process.communicate(timeout=60)
        return process.returncode, out, told + rest


def _environment(config: Path) -> dict[str, str]:
    return {**environment(config.parent), "PYTHON_KEYRING_BACKEND": NO_KEYRING}


async def test_a_login_made_while_we_serve_is_taken_up(config: Path) -> None:
    async with host(config, PYTHON_KEYRING_BACKEND=NO_KEYRING) as client:
        found = await client.call_tool("call_tool", WHISPER)
        assert "toolweaver login vault" in text_of(found)
        searched = await client.call_tool("search_tools", QUIETLY)
        assert "toolweaver login vault" in text_of(searched)
        listed = run(config, "login", "--json")
        assert listed.returncode == 1
        assert json.loads(listed.stdout)["servers"][0]["needs_login"] is True
        status, out, told = log_in(config, "--json")
        assert status == 0, told
        assert json.loads(out)["logged_in"] is True
        assert MARK not in out + told
        with anyio.fail_after(60):
            while (found := await client.call_tool("call_tool", WHISPER)).is_error:
                await anyio.sleep(0.2)
        assert "psst, hello" in text_of(found)
        listed = run(config, "login")
        assert listed.returncode == 0, listed.stderr
        assert "renewed before" in " ".join(listed.stdout.split())
        gone = run(config, "logout", "vault", "--json")
        assert json.loads(gone.stdout) == {"server": "vault", "was_logged_in": True, "revoked": True}
        assert "toolweaver login vault" in text_of(await client.call_tool("call_tool", WHISPER))
        with anyio.fail_after(60):  # searches say so, too, though the tools are known
            while "toolweaver login vault" not in text_of(await client.call_tool("search_tools", QUIETLY)):
                await anyio.sleep(0.2)
    failed = run(config, "list", "--json")
    assert failed.returncode == 1
    assert "it needs a login; run `toolweaver login vault`" in json.loads(failed.stdout)["servers"][0]["reason"]
    written = [file for file in config.parent.rglob("*") if file.is_file()]
    assert [file.name for file in written if MARK.encode() in file.read_bytes()] == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(["login", "nobody"], "not in the configuration"), (["logout", "vault"], "there was no login")],
)
def test_a_wrong_name_and_a_login_that_never_was_are_said(config: Path, arguments: list[str], said: str) -> None:
    done = run(config, *arguments)
    assert said in done.stderr
    assert done.returncode == (2 if arguments[1] == "nobody" else 0)
