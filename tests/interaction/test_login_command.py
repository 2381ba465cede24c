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
WHISPER = {"name": "vault__whisper", "arguments": {"word": "hello"}}


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
    return {**environment(config.parent), "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}


async def test_a_login_made_while_we_serve_is_taken_up(config: Path) -> None:
    async with host(config) as client:
        found = await client.call_tool("call_tool", WHISPER)
        assert "toolweaver login vault" in text_of(found)
        status, out, told = log_in(config, "--json")
        assert status == 0, told
        assert json.loads(out)["logged_in"] is True
        assert MARK not in out + told
        with anyio.fail_after(60):
            while (found := await client.call_tool("call_tool", WHISPER)).is_error:
                await anyio.sleep(0.2)
        assert "psst, hello" in text_of(found)
