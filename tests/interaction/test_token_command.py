"""The owner makes tokens, sees them and takes them back; their text is printed once."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import anyio
import pytest

from mcp_toolweaver.access.token_admission import TokenAdmission
from mcp_toolweaver.core.access import Caller, NotAdmitted
from tests.interaction.servers import environment, write_config

pytestmark = pytest.mark.anyio


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return write_config(tmp_path, {}, sources=[])


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data" / "toolweaver"


async def run(config: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "mcp_toolweaver", "token", *arguments, "--config", str(config)]
    done = await anyio.run_process(command, env=environment(config.parent, COLUMNS="200"), check=False)
    return subprocess.CompletedProcess(command, done.returncode, done.stdout.decode(), done.stderr.decode())


def damage(data: Path) -> None:
    data.mkdir(parents=True)
    (data / "tokens.json").write_text('{"version": 1, "tokens": [{}]}', encoding="utf-8")


async def listed(config: Path) -> list[dict[str, Any]]:
    done = await run(config, "list", "--json")
    assert done.returncode == 0, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)["tokens"]
    return found


async def test_a_token_is_piped_on_used_shown_and_taken_back(config: Path, data: Path) -> None:
    made = await run(
        config, "add", "ci", "--server", "git*", "--server", "time", "--read-only", "--expires", "2099-01-31"
    )
    assert made.returncode == 0, made.stderr
    secret = made.stdout.strip()
    assert made.stdout == f"{secret}\n"
    assert "servers git*, time (read only), until 2099-02-01 00:00 UTC" in made.stderr
    asked = TokenAdmission(data, {})
    (own,) = (await asked.admit(secret)).profiles
    assert (own.allow.servers, own.effects) == (("git*", "time"), frozenset({"read"}))

    (token,) = await listed(config)
    assert token["last_used"] is not None
    assert (token["name"], token["expired"], token["expires"]) == ("ci", False, "2099-02-01T00:00:00+00:00")
    assert (token["allow"]["servers"], token["effects"]) == (["git*", "time"], ["read"])
    table = await run(config, "list")
    for said in ("ci", "good", "2099-02-01", "git*, time"):
        assert said in table.stdout

    taken = await run(config, "revoke", "ci")
    assert taken.returncode == 0
    assert "no token is left" in taken.stderr
    with pytest.raises(NotAdmitted):  # noqa: PT012  it takes up to a second
        with anyio.fail_after(60):
            while await asked.admit(secret):
                await anyio.sleep(0.05)
    everything = "".join([made.stderr, table.stdout, table.stderr, json.dumps(token), taken.stdout, taken.stderr])
    assert secret[3:] not in everything


async def test_json_holds_the_token_once_and_all_that_is_known_of_it(config: Path, data: Path) -> None:
    done = await run(config, "add", "ci", "--domain", "files", "--tool", "time::now", "--expires", "never", "--json")
    made = json.loads(done.stdout)
    assert await TokenAdmission(data, {}).admit(made.pop("token")) != Caller("ci")
    (token,) = await listed(config)
    assert made == {key: value for key, value in token.items() if key not in {"expired", "last_used"}}
    assert token["expires"] is None
    assert token["allow"] == {"servers": [], "domains": ["files"], "tools": ["time::now"]}
    assert json.loads((await run(config, "revoke", "ci", "--json")).stdout) == {"revoked": "ci"}


async def test_what_cannot_be_is_refused_with_status_2_and_changes_nothing(config: Path) -> None:
    assert (await run(config, "add", "ci")).returncode == 0
    before = await listed(config)
    for arguments, said in (
        (("add", "ci"), "already"),
        (("add", "other", "--expires", "soon"), "12h, 30d or 8w"),
        (("add", "other", "--profile", "support"), "there is no profile named 'support'"),
        (("revoke", "other"), "there are: ci"),
    ):
        done = await run(config, *arguments)
        assert (done.returncode, done.stdout) == (2, "")
        assert said in done.stderr
        assert "Traceback" not in done.stderr
    assert await listed(config) == before


async def test_a_damaged_file_is_one_clear_line_in_every_command(config: Path, data: Path) -> None:
    damage(data)
    for arguments in (("list",), ("add", "ci"), ("revoke", "ci")):
        done = await run(config, *arguments)
        assert (done.returncode, done.stdout) == (2, "")
        assert "lets nobody in" in done.stderr.splitlines()[-1]
