"""Whoever shows a token is let in for what it is good for, until it is not."""

from __future__ import annotations

import logging
import os
import traceback
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import anyio
import pytest

from mcp_toolweaver.access.secret import digest, new_secret
from mcp_toolweaver.access.token import Token
from mcp_toolweaver.access.token_admission import TokenAdmission
from mcp_toolweaver.access.token_file import Stamp, TokenFile
from mcp_toolweaver.access.uses import Uses
from mcp_toolweaver.core.access import Caller, NotAdmitted, NotAllowed, Profile, Rules
from mcp_toolweaver.core.errors import ConfigurationError, Unavailable

pytestmark = pytest.mark.anyio

SUPPORT = Profile("support", deny=Rules(tools=("*delete*",)))


def keep(folder: Path, name: str = "ci", **more: Any) -> str:
    """Make a token, and return its text."""
    secret = new_secret()
    TokenFile(folder).add(replace(Token(name, digest(secret), datetime.now(UTC)), **more))
    return secret


def texts(folder: Path) -> list[str]:
    return [path.read_text(encoding="utf-8") for path in folder.rglob("*") if path.is_file()]


def admission(folder: Path, **profiles: Profile) -> TokenAdmission:
    return TokenAdmission(folder, profiles)


async def refusal(of: TokenAdmission, bearer: str | None) -> NotAdmitted:
    with pytest.raises(NotAdmitted) as raised:
        await of.admit(bearer)
    return raised.value


async def until_refused(of: TokenAdmission, bearer: str) -> NotAdmitted:
    with anyio.fail_after(60):
        while True:
            try:
                await of.admit(bearer)
            except NotAdmitted as error:
                return error
            await anyio.sleep(0.02)


async def until_away(of: TokenAdmission, bearer: str) -> Unavailable:
    with anyio.fail_after(60):
        while True:
            try:
                await of.admit(bearer)
            except Unavailable as error:
                return error
            await anyio.sleep(0.02)


async def until_admitted(of: TokenAdmission, bearer: str) -> Caller:
    with anyio.fail_after(60):
        while True:
            try:
                return await of.admit(bearer)
            except (NotAdmitted, Unavailable):
                await anyio.sleep(0.02)


async def test_a_token_without_limits_sees_all_of_its_own_name(tmp_path: Path) -> None:
    first, second = keep(tmp_path), keep(tmp_path, "other")
    assert await admission(tmp_path).admit(first) == Caller("ci")
    assert await admission(tmp_path).admit(second) == Caller("other")


async def test_limits_of_the_token_and_of_its_profile_both_count(tmp_path: Path) -> None:
    allow = Rules(("git*",), ("tickets",), ("time::now",))
    secret = keep(tmp_path, allow=allow, effects=frozenset({"read"}), profile="support")
    caller = await admission(tmp_path, support=SUPPORT).admit(secret)
    own, named = caller.profiles
    assert (own.allow, own.deny, own.effects) == (allow, Rules(), frozenset({"read"}))
    assert named == SUPPORT


async def test_read_only_alone_is_a_limit_too(tmp_path: Path) -> None:
    secret = keep(tmp_path, effects=frozenset({"read"}))
    (own,) = (await admission(tmp_path).admit(secret)).profiles
    assert own.effects == {"read"}


async def test_a_token_whose_profile_is_gone_is_good_for_nothing(tmp_path: Path) -> None:
    secret = keep(tmp_path, profile="support")
    found = await refusal(admission(tmp_path, other=SUPPORT), secret)
    assert isinstance(found, NotAllowed)
    assert found.error == "insufficient_scope"
    assert "'support'" in str(found)


async def test_each_way_of_not_having_a_token_is_told_apart(tmp_path: Path) -> None:
    secret, over = keep(tmp_path), keep(tmp_path, "over", expires=datetime.now(UTC) - timedelta(seconds=1))
    asked = admission(tmp_path)
    for nothing in (None, ""):
        assert (await refusal(asked, nothing)).error == ""
    for bearer, said in (
        (new_secret(), "not known"),
        (secret[:-1], "cut off"),
        (secret.swapcase(), "mistyped"),
        ("eyJhbGciOi.J9.x", "no token of ours"),
        ("tw_\ud800", "mistyped"),
        (over, "expired at"),
    ):
        found = await refusal(asked, bearer)
        assert found.error == "invalid_token"
        assert said in str(found)
    assert asked.challenge == 'realm="toolweaver"'


async def test_tokens_come_and_go_while_the_server_runs(tmp_path: Path) -> None:
    keep(tmp_path, "first")
    asked = admission(tmp_path)
    secret = keep(tmp_path)
    assert await until_admitted(asked, secret) == Caller("ci")
    TokenFile(tmp_path).revoke("ci")
    assert "revoked" in str(await until_refused(asked, secret))


async def test_a_change_counts_at_the_first_look_after_it_without_a_read_for_each_request(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret, now, reads = keep(tmp_path), 0.0, 0
    os.utime(tmp_path / "tokens.json", (1e9, 1e9))
    read = TokenFile.stamped

    def counted(file: TokenFile) -> tuple[Stamp | None, tuple[Token, ...]]:
        nonlocal reads
        reads += 1
        return read(file)

    monkeypatch.setattr(TokenFile, "stamped", counted)
    asked = TokenAdmission(tmp_path, {}, lambda: now)
    for _ in range(200):
        now += 0.1
        await asked.admit(secret)
    assert reads == 1
    TokenFile(tmp_path).revoke("ci")
    now += 0.9
    await refusal(asked, secret)


async def test_a_token_expires_while_the_server_runs(tmp_path: Path) -> None:
    secret = keep(tmp_path, expires=datetime.now(UTC) + timedelta(seconds=1.5))
    asked = admission(tmp_path)
    assert "expired" in str(await until_refused(asked, secret))


async def test_without_a_file_nobody_is_let_in_until_there_is_a_token(tmp_path: Path) -> None:
    asked = admission(tmp_path)
    await refusal(asked, new_secret())
    secret = keep(tmp_path)
    assert await until_admitted(asked, secret) == Caller("ci")


async def test_a_damaged_file_keeps_the_server_from_starting(tmp_path: Path) -> None:
    (tmp_path / "tokens.json").write_text("{", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="lets nobody in"):
        admission(tmp_path)


async def test_while_the_file_is_damaged_nobody_is_let_in_and_the_log_says_why_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    secret = keep(tmp_path)
    asked, path = admission(tmp_path), tmp_path / "tokens.json"
    good = path.read_bytes()
    path.write_bytes(good[:-9])
    assert str(tmp_path) not in str(await until_away(asked, secret))
    for _ in range(20):
        with pytest.raises(Unavailable):
            await asked.admit(secret)
        await anyio.sleep(0.03)
    assert len([record for record in caplog.records if str(path) in record.getMessage()]) == 1
    path.write_bytes(good)
    assert await until_admitted(asked, secret) == Caller("ci")


async def test_the_last_use_is_kept_but_not_written_at_each_request(tmp_path: Path) -> None:
    secret, before = keep(tmp_path), datetime.now(UTC) - timedelta(seconds=5)
    (token,), uses, asked = TokenFile(tmp_path).read(), Uses(tmp_path), admission(tmp_path)
    assert uses.last(token) is None
    await asked.admit(secret)
    used = uses.last(token)
    assert used is not None
    assert used > before
    for _ in range(20):
        await asked.admit(secret)
    assert uses.last(token) == used
    uses.forget(token)
    assert uses.last(token) is None


async def test_a_folder_that_cannot_be_written_to_keeps_nobody_out(tmp_path: Path) -> None:
    secret = keep(tmp_path)
    (tmp_path / "token_uses").write_text("in the way", encoding="utf-8")
    assert await admission(tmp_path).admit(secret) == Caller("ci")


async def test_the_text_of_a_token_is_in_no_log_error_file_or_repr(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    good, gone = keep(tmp_path), keep(tmp_path, "gone", profile="away")
    over = keep(tmp_path, "over", expires=datetime.now(UTC) - timedelta(days=1))
    asked = admission(tmp_path)
    seen = [repr(asked), repr(await asked.admit(good)), repr(TokenFile(tmp_path).read())]
    shown = [good, gone, over, new_secret(), good[:-1]]
    for bearer in shown[1:]:
        error = await refusal(asked, bearer)
        seen += [str(error), repr(error), "".join(traceback.format_exception(error))]
    seen += texts(tmp_path)
    everything = "\n".join([*seen, caplog.text])
    assert not [bearer for bearer in shown if bearer[3:40] in everything]
    assert digest(good) not in repr(TokenFile(tmp_path).read())
