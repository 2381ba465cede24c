"""What is secret in a command and in an address is hidden in logs and errors, and nothing else is."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from catalog_sources.mcp_server import open_source
from mcp_toolweaver import Unavailable
from mcp_toolweaver.core.secrecy import names_a_secret
from mcp_toolweaver.proxy.log_file import log_path, set_log_folder
from mcp_toolweaver.proxy.secret_parts import secrets_in_address, secrets_in_arguments

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("arguments", "secrets"),
    [
        (["--token", "abc"], {"abc"}),
        (["--api-key=abc"], {"abc"}),
        (["--apiKey", "abc", "--verbose"], {"abc"}),
        (["-e", "GITHUB_TOKEN=abc"], {"abc"}),
        (["--header", "Authorization: Bearer abc"], {"Bearer abc"}),
        (
            ["--url", "https://ada:pass%21@host/x?limit=5&api_key=k%20y#access_token=t"],
            {"pass%21", "pass!", "k%20y", "k y", "t"},
        ),
        (["--dsn=postgres://ada:pass@host/db"], {"pass"}),
        (["ghp_0123456789abcdefghij"], {"ghp_0123456789abcdefghij"}),
        (["--token", "--verbose"], set[str]()),
        (
            ["--key-file", "/home/ada/key.pem", "--keyword", "abc", "--monkey", "x", "serve", "-y", "--port=1"],
            set[str](),
        ),
        (list[str](), set[str]()),
    ],
)
def test_secrets_in_a_command_are_known_by_their_names_and_looks(arguments: list[str], secrets: set[str]) -> None:
    assert set(secrets_in_arguments(arguments)) == secrets


@pytest.mark.parametrize(
    ("url", "secrets"),
    [
        ("https://host/mcp", set[str]()),
        ("https://t0ken@host/mcp", {"t0ken"}),
        ("https://host/mcp?page=2&Signature=abc", {"abc"}),
        ("https://[broken/mcp?token=x", set[str]()),
    ],
)
def test_secrets_in_an_address_are_its_password_and_what_is_named_so(url: str, secrets: set[str]) -> None:
    assert set(secrets_in_address(url)) == secrets


@pytest.mark.parametrize(("name", "is_secret"), [("X-Api-Key", True), ("PATH", False), ("tokenizer", False)])
def test_a_name_tells(name: str, is_secret: bool) -> None:  # noqa: FBT001
    assert names_a_secret(name) is is_secret


async def test_a_server_that_prints_its_arguments_and_dies_leaves_no_secret_behind(tmp_path: Path) -> None:
    set_log_folder(tmp_path)
    code = "import sys; print('started with', sys.argv, file=sys.stderr); sys.exit(3)"
    options = {"transport": "stdio", "command": sys.executable, "args": ["-c", code, "--token", "hunter2-hunter2"]}
    with pytest.raises(Unavailable) as died:
        async with open_source("s", options):
            pass
    assert "started with" in str(died.value)
    assert "hunter2" not in str(died.value)
    assert "hunter2" not in log_path(tmp_path, "s").read_text()
    assert "--token" in log_path(tmp_path, "s").read_text()
