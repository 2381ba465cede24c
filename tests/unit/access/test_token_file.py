"""Tokens are kept whole, for the owner alone, and a file that is not understood lets nobody in."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from mcp_toolweaver.access.secret import digest, new_secret
from mcp_toolweaver.access.token import Token
from mcp_toolweaver.access.token_file import TokenFile
from mcp_toolweaver.core.access import Rules
from mcp_toolweaver.core.errors import ConfigurationError, InUse, InvalidRequest, Unavailable

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)


def a_token(name: str = "ci", **more: Any) -> Token:
    return replace(Token(name, digest(new_secret()), NOW), **more)


LIMITED = a_token(
    "limited",
    expires=NOW + timedelta(days=30),
    profile="support",
    allow=Rules(("git*",), ("tickets",), ("time::now",)),
    effects=frozenset({"read"}),
)


def test_what_is_added_is_read_again_with_all_its_limits(tmp_path: Path) -> None:
    file = TokenFile(tmp_path / "new" / "folder")
    plain = a_token()
    file.add(plain)
    file.add(LIMITED)
    assert TokenFile(tmp_path / "new" / "folder").read() == (plain, LIMITED)


def test_only_the_owner_can_read_the_file(tmp_path: Path) -> None:
    file = TokenFile(tmp_path)
    file.add(a_token())
    assert file.path.stat().st_mode & 0o777 == 0o600
    file.path.chmod(0o644)
    file.add(a_token("other"))
    assert file.path.stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == ["tokens.json", "tokens.json.lock"]


def test_a_name_is_given_once_in_whatever_spelling(tmp_path: Path) -> None:
    file = TokenFile(tmp_path)
    file.add(a_token())
    for name in ("ci", "CI"):
        with pytest.raises(InvalidRequest, match="already"):
            file.add(a_token(name))
    assert len(file.read()) == 1


def test_revoking_takes_one_away_and_names_the_others_if_there_is_no_such(tmp_path: Path) -> None:
    file = TokenFile(tmp_path)
    file.add(a_token())
    file.add(LIMITED)
    assert file.revoke("limited") == LIMITED
    with pytest.raises(InvalidRequest, match="there are: ci"):
        file.revoke("limited")
    file.revoke("ci")
    with pytest.raises(InvalidRequest, match="none at all"):
        file.revoke("ci")


def damaged(text: str) -> list[str]:
    """Return files that differ from a good one so that something is wrong with each."""
    good: dict[str, Any] = json.loads(text)
    token = good["tokens"][0]
    return [
        "",
        "null",
        "[]",
        "{}",
        text[:-20],
        text.replace('"tokens"', '"token"'),
        json.dumps({**good, "version": 2}),
        json.dumps({**good, "more": 1}),
        json.dumps({"tokens": good["tokens"]}),
        json.dumps({**good, "tokens": [token, token]}),
        json.dumps({**good, "tokens": [token, {**token, "name": "other"}]}),
        *(
            json.dumps({**good, "tokens": [{**token, key: value}]})
            for key, value in {
                "sha256": "00",
                "effects": ["reed"],
                "allow": {"server": ["git"]},
                "expires": "tomorrow",
                "created": "2026-12-01T12:00:00",
                "name": "../up",
                "limit": 3,
            }.items()
        ),
        *(json.dumps({**good, "tokens": [{k: v for k, v in token.items() if k != gone}]}) for gone in token),
    ]


def test_damage_is_one_clear_error_and_is_never_written_over(tmp_path: Path) -> None:
    file = TokenFile(tmp_path)
    file.add(LIMITED)
    text = file.path.read_text(encoding="utf-8")
    contents = [each.encode() for each in damaged(text)] + [b"\xff\xfe", text.encode("utf-16"), b"[" * 100_000]
    for content in contents:
        file.path.write_bytes(content)
        for act in (file.read, lambda: file.add(a_token("new")), lambda: file.revoke("limited")):
            with pytest.raises(ConfigurationError, match="lets nobody in") as raised:
                act()
            assert str(file.path) in str(raised.value)
            assert LIMITED.digest not in str(raised.value)
        assert file.path.read_bytes() == content


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other permissions")
def test_a_file_that_others_may_write_to_lets_nobody_in(tmp_path: Path) -> None:
    file = TokenFile(tmp_path)
    file.add(a_token())
    file.path.chmod(0o622)
    with pytest.raises(ConfigurationError, match="chmod 600"):
        file.read()


def test_a_file_that_cannot_be_read_is_no_file_without_tokens(tmp_path: Path) -> None:
    (tmp_path / "tokens.json").mkdir()
    with pytest.raises(Unavailable, match="cannot be reached"):
        TokenFile(tmp_path).read()


def test_who_cannot_have_the_lock_is_told_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mcp_toolweaver.access.token_file._LOCK_SECONDS", 0.05)
    with FileLock(tmp_path / "tokens.json.lock"), pytest.raises(InUse, match="try again"):
        TokenFile(tmp_path).add(a_token())


ADD_MANY = """
import sys
from datetime import datetime, UTC
from pathlib import Path
from mcp_toolweaver.access.secret import digest, new_secret
from mcp_toolweaver.access.token import Token
from mcp_toolweaver.access.token_file import TokenFile
file = TokenFile(Path(sys.argv[1]))
sys.stdin.readline()
for number in range(15):
    file.add(Token(f"{sys.argv[2]}-{number}", digest(new_secret()), datetime.now(UTC)))
"""


def test_processes_that_add_at_once_lose_none(tmp_path: Path) -> None:
    command = [sys.executable, "-c", ADD_MANY, str(tmp_path)]
    writers = [
        subprocess.Popen([*command, name], stdin=subprocess.PIPE, stderr=subprocess.PIPE, env=dict(os.environ))
        for name in "abc"
    ]
    for writer in writers:  # all of them wait for this line
        assert writer.stdin is not None
        writer.stdin.write(b"\n")
        writer.stdin.flush()
    errors = [writer.communicate(timeout=100)[1] for writer in writers]
    assert [writer.returncode for writer in writers] == [0, 0, 0], errors
    assert {token.name for token in TokenFile(tmp_path).read()} == {f"{a}-{n}" for a in "abc" for n in range(15)}
