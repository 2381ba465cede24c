"""An owner finds a server in a registry and adds it; nothing of it is run, and nothing is written unasked."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from collections.abc import Generator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.interaction.servers import environment

ENTRIES = Path(__file__).with_name("entries")


class _Registry(BaseHTTPRequestHandler):
    """Answers ``GET /v0.1/servers`` two entries a page."""

    def do_GET(self) -> None:
        asked = urlsplit(self.path)
        query = {key: values[0] for key, values in parse_qs(asked.query).items()}
        moved = {"/moved/v0.1/servers": "https://elsewhere.example/", "/renamed/v0.1/servers": "/v0.1/servers"}
        if asked.path in moved:
            self.send_response(302)
            self.send_header("Location", f"{moved[asked.path]}?{asked.query}")
            self.end_headers()
            return
        if asked.path == "/dump.jsonl":
            self._send(200, "\n".join(map(json.dumps, _all())).encode())
            return
        if asked.path == "/page.json":
            self._send(200, b"<html>")
            return
        if asked.path != "/v0.1/servers":
            self._answer(404, {"error": "no"})
            return
        found = [each for each in _all() if query.get("search", "") in each["server"]["name"]]
        start = int(query.get("cursor", 0))
        following = {"nextCursor": str(start + 2)} if start + 2 < len(found) else {}
        self._answer(200, {"servers": found[start : start + 2], "metadata": {"count": 2, **following}})

    def _answer(self, status: int, document: Any) -> None:
        self._send(status, json.dumps(document).encode())

    def _send(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  named so by the library
        """Say nothing."""


def _all() -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = json.loads((ENTRIES / "files.json").read_text())["servers"]
    return [*listed, {"server": json.loads((ENTRIES / "weather.json").read_text()), "_meta": {}}]


@pytest.fixture(scope="module")
def registry() -> Generator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Registry)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


PROGRAMS = ("npx", "uvx", "docker")


def run(folder: Path, *arguments: str) -> tuple[int, Any, str]:
    """Return the status of a command, what it prints as JSON, and what it says beside."""
    programs = folder / "programs"
    programs.mkdir(exist_ok=True)
    for name in PROGRAMS:
        (programs / name).write_text('#!/bin/sh\ntouch "$0.was-run"\n', encoding="utf-8")
        (programs / name).chmod(0o755)
    done = subprocess.run(
        [sys.executable, "-m", "mcp_toolweaver", *arguments, "--json"],
        capture_output=True,
        text=True,
        cwd=folder,
        env=environment(folder, PATH=os.pathsep.join([str(programs), os.environ["PATH"]])),
        stdin=subprocess.DEVNULL,
        timeout=90,
        check=False,
    )
    assert not list(programs.glob("*.was-run")), "the registry runs nothing"
    return done.returncode, json.loads(done.stdout) if done.stdout else None, done.stderr


def test_a_registry_is_searched_page_by_page(tmp_path: Path, registry: str) -> None:
    status, found, _told = run(tmp_path, "registry", "search", "files", "--source", registry)
    assert (status, [each["name"] for each in found["servers"]]) == (0, ["com.example/files"])
    assert found["servers"][0]["version"] == "0.10.0"
    assert run(tmp_path, "registry", "search", "spaceships", "--source", registry)[0] == 1


@pytest.mark.parametrize("path", ["/renamed", "/v0.1/servers", "/dump.jsonl"])
def test_a_registry_may_be_elsewhere_on_its_host_and_a_list_lie_there(tmp_path: Path, registry: str, path: str) -> None:
    status, found, _told = run(tmp_path, "registry", "search", "about files", "--source", registry + path)
    assert (status, [each["name"] for each in found["servers"]]) == (0, ["com.example/files"])


def test_a_file_that_was_downloaded_is_searched_as_well(tmp_path: Path) -> None:
    lines = tmp_path / "dump.jsonl"
    lines.write_text("\n".join([*map(json.dumps, _all()), "{half"]))
    status, found, told = run(tmp_path, "registry", "search", "weather", "--source", str(lines))
    assert (status, [each["name"] for each in found["servers"]]) == (0, ["io.github.example/weather"])
    assert "dump.jsonl, line 5: left out" in told


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("http://127.0.0.1:9", "cannot be reached"),
        ("{registry}/moved", "redirects to elsewhere.example, which is not followed"),
        ("{registry}/page.json", "holds no JSON"),
        ("ftp://x/", "neither an http address nor a file"),
        ("{registry}/nothing/servers", "answered 404"),
        ("nowhere.json", "cannot be read"),
    ],
)
def test_a_registry_that_cannot_be_read_is_said(tmp_path: Path, registry: str, source: str, told: str) -> None:
    status, found, said = run(tmp_path, "registry", "search", "x", "--source", source.format(registry=registry))
    assert (status, found) == (1, None)
    assert told in said
    assert "--source" in said


def test_a_server_is_added_as_configuration_with_its_secrets_looked_up(tmp_path: Path, registry: str) -> None:
    target = tmp_path / "toolweaver.toml"
    target.write_text("# mine\n[mcpServers.own]\ncommand = 'x'\n")
    status, found, _told = run(tmp_path, "add", "weather", "--package", "pypi", "--source", registry, "--yes")
    assert (status, found["added"], found["file"]) == (0, True, "toolweaver.toml")
    assert found["needs"] == ["WEATHER_KEY", "UNITS", "HOME_PLACE"]
    written = target.read_text()
    assert written.startswith("# mine\n")
    assert tomllib.loads(written)["mcpServers"]["weather"]["env"]["WEATHER_KEY"] == "${WEATHER_KEY}"
    status, _found, told = run(tmp_path, "add", "weather", "--source", registry, "--yes")
    assert (status, target.read_text()) == (2, written)
    assert "has a server 'weather' already; call this one otherwise with --as" in told
    assert run(tmp_path, "remove", "weather", "--yes")[0] == 0
    assert target.read_text().strip() == "# mine\n[mcpServers.own]\ncommand = 'x'"


def test_nothing_is_written_unasked_and_nothing_risky_unless_it_is_wanted(tmp_path: Path, registry: str) -> None:
    asked = ["add", "files", "--source", registry, "--to", str(tmp_path / "mine.json")]
    status, _found, told = run(tmp_path, *asked)
    assert (status, "say --yes" in told) == (2, True)
    status, found, _told = run(tmp_path, *asked, "--dry-run")
    assert (status, found["added"], found["configuration"]["command"]) == (0, False, "npx")
    status, _found, told = run(tmp_path, *asked, "--package", "oci", "--yes")
    assert (status, "say --allow-risky" in told) == (2, True)
    assert not (tmp_path / "mine.json").exists()
    assert run(tmp_path, *asked, "--package", "oci", "--yes", "--allow-risky", "--as", "f")[0] == 0
    assert json.loads((tmp_path / "mine.json").read_text())["mcpServers"]["f"]["command"] == "docker"


def test_a_server_that_is_not_there_has_neighbours(tmp_path: Path, registry: str) -> None:
    status, _found, told = run(tmp_path, "registry", "show", "files-mcp", "--source", str(ENTRIES))
    assert status == 1
    assert "did you mean com.example/files?" in told
    status, found, _told = run(tmp_path, "registry", "show", "io.github.example/weather", "--source", registry)
    assert (status, [each["way"] for each in found["ways"]]) == (0, ["pypi", "remote"])
