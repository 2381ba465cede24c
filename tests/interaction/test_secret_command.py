"""Secrets are put into the keyring without ever standing in a command line, and servers get them from there."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.interaction.servers import environment, write_config

SECRET = "s3cret-s3cret-s3cret"
BACKEND = '''
import json, os, pathlib
from keyring.backend import KeyringBackend

class Kept(KeyringBackend):
    """A keyring in a file, since a process of a test has no other."""
    priority = 5
    path = pathlib.Path(os.environ["HOME"]) / "ring.json"
    def _all(self):
        return json.loads(self.path.read_text()) if self.path.exists() else {}
    def get_password(self, service, username):
        return self._all().get(service + " " + username)
    def set_password(self, service, username, password):
        self.path.write_text(json.dumps(self._all() | {service + " " + username: password}))
    def delete_password(self, service, username):
        self.path.write_text(json.dumps({k: v for k, v in self._all().items() if k != service + " " + username}))
'''


def run(config: Path, *arguments: str, given: str = "", backend: str = "ring.Kept") -> subprocess.CompletedProcess[str]:
    surroundings = environment(config.parent, PYTHON_KEYRING_BACKEND=backend, PYTHONPATH=str(config.parent))
    command = [sys.executable, "-m", "mcp_toolweaver", *arguments, "--config", str(config)]
    return subprocess.run(
        command, input=given, capture_output=True, text=True, env=surroundings, timeout=120, check=False
    )


def test_a_secret_is_kept_listed_used_and_removed(tmp_path: Path) -> None:
    (tmp_path / "ring.py").write_text(BACKEND, encoding="utf-8")
    code = "import os, sys; key = os.environ['KEY']; sys.exit(f'got {len(key)} characters: {key}')"
    entry = {"command": sys.executable, "args": ["-c", code], "env": {"KEY": "${keyring:toolweaver/github}"}}
    config = write_config(tmp_path, {"s": entry})
    unset = run(config, "list", "--json")
    assert "run `toolweaver secret set github`" in unset.stderr
    kept = run(config, "secret", "set", "github", given=f"{SECRET}\n")
    assert kept.returncode == 0, kept.stderr
    assert "${keyring:toolweaver/github}" in kept.stderr
    listed = run(config, "secret", "list", "--json")
    row = {"service": "toolweaver", "name": "github", "reference": "${keyring:toolweaver/github}", "is_there": True}
    assert json.loads(listed.stdout) == {"secrets": [row]}
    used = run(config, "list", "--json")
    assert f"got {len(SECRET)} characters: ***" in json.loads(used.stdout)["servers"][0]["reason"]
    removed = run(config, "secret", "remove", "github")
    assert removed.returncode == 0, removed.stderr
    assert run(config, "secret", "remove", "github").returncode == 2
    for done in (unset, kept, listed, used, removed):
        assert SECRET not in done.stdout + done.stderr
    written = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert [file.name for file in written if SECRET.encode() in file.read_bytes()] == []


def test_without_a_keyring_that_is_said_with_another_way(tmp_path: Path) -> None:
    config = write_config(tmp_path, {})
    done = run(config, "secret", "set", "github", given=SECRET, backend="keyring.backends.fail.Keyring")
    assert done.returncode == 1
    assert "use ${file:PATH}" in done.stderr
    assert SECRET not in done.stdout + done.stderr
