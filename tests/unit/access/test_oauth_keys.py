"""Keys are asked for seldom, new ones are found, and known ones are used while the issuer is away."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

import anyio
import pytest

from mcp_toolweaver.access.oauth.admission import OAuthAdmission
from mcp_toolweaver.access.oauth.discovery import published_keys
from mcp_toolweaver.access.oauth.keys import Keys
from mcp_toolweaver.access.oauth.resource import ProtectedResource
from mcp_toolweaver.core.access import Caller, NotAdmitted
from mcp_toolweaver.core.errors import Unavailable
from tests.fakes.issuer import AUDIENCE, Issuer, curve_key, issuer, public_jwk, rsa_key

pytestmark = pytest.mark.anyio

OLD, NEW = rsa_key(), curve_key()
ADA = Caller("oauth:ada")


@pytest.fixture(autouse=True)
def _patience(monkeypatch: pytest.MonkeyPatch) -> None:  # pyright: ignore[reportUnusedFunction]
    """Leave a busy machine time to answer."""
    monkeypatch.setattr("mcp_toolweaver.access.oauth.keys._DEADLINE", 60.0)
    monkeypatch.setattr("mcp_toolweaver.access.oauth.fetching._SECONDS", 60.0)


@pytest.fixture
def server() -> Generator[Issuer]:
    with issuer() as served:
        served.publish(old=OLD)
        yield served


class Clock:
    """Stands still until it is moved."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


def admission(of: Issuer, clock: Clock) -> OAuthAdmission:
    resource = ProtectedResource(of.url, AUDIENCE, AUDIENCE, frozenset({"RS256", "ES256"}))
    return OAuthAdmission(resource, {}, Keys(partial(published_keys, of.url), clock))


async def test_a_new_key_is_found_when_a_token_names_it(server: Issuer) -> None:
    clock = Clock()
    asked = admission(server, clock)
    await asked.admit(server.token("old"))
    server.publish(old=OLD, new=NEW)
    clock.now += 61
    assert await asked.admit(server.token("new")) == ADA
    assert await asked.admit(server.token("old")) == ADA
    assert server.asked["/jwks"] == 2


async def test_however_many_unknown_keys_are_named_the_issuer_is_asked_once_a_minute(server: Issuer) -> None:
    clock = Clock()
    asked = admission(server, clock)
    for number in range(600):
        clock.now += 0.5
        with pytest.raises(NotAdmitted, match="does not publish"):
            await asked.admit(server.token("old", headers={"kid": f"guess-{number}"}))
    assert 4 <= server.asked["/jwks"] <= 6


async def test_all_who_come_at_once_share_one_question(server: Issuer) -> None:
    asked, token = admission(server, Clock()), server.token("old")
    async with anyio.create_task_group() as group:
        for _ in range(50):
            group.start_soon(asked.admit, token)
    assert server.asked["/jwks"] == 1


async def test_a_key_that_was_withdrawn_is_forgotten(server: Issuer) -> None:
    clock = Clock()
    asked, token = admission(server, clock), server.token("old")
    await asked.admit(token)
    server.publish(new=NEW)
    clock.now += 601
    with pytest.raises(NotAdmitted, match="does not publish"):
        await asked.admit(token)


async def test_while_the_issuer_is_away_known_keys_are_used_and_unknown_ones_are_nobodys_fault(server: Issuer) -> None:
    clock = Clock()
    asked = admission(server, clock)
    await asked.admit(server.token("old"))
    server.publish(old=OLD, new=NEW)
    keys = server.answers["/jwks"]
    server.say("/jwks", {}, 503)
    clock.now += 24 * 3600
    assert await asked.admit(server.token("old")) == ADA
    with pytest.raises(Unavailable):
        await asked.admit(server.token("new"))
    server.answers["/jwks"] = keys
    clock.now += 6
    assert await asked.admit(server.token("new")) == ADA


async def test_an_issuer_that_never_answered_is_asked_again_in_seconds(server: Issuer) -> None:
    clock, keys = Clock(), server.answers.pop("/jwks")
    asked = admission(server, clock)
    for _ in range(40):
        clock.now += 0.1
        with pytest.raises(Unavailable):
            await asked.admit(server.token("old"))
    assert server.asked["/jwks"] == 1
    server.answers["/jwks"] = keys
    clock.now += 6
    assert await asked.admit(server.token("old")) == ADA


async def test_an_issuer_that_hangs_holds_nobody_up_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mcp_toolweaver.access.oauth.keys._DEADLINE", 0.2)

    async def publish() -> Sequence[dict[str, Any]]:
        await anyio.sleep_forever()
        return []

    with pytest.raises(Unavailable), anyio.fail_after(60):
        await Keys(publish).get("old", "RS256")


async def test_an_issuer_that_accepts_and_says_nothing_is_away(server: Issuer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mcp_toolweaver.access.oauth.keys._DEADLINE", 0.2)
    server.held.clear()
    with pytest.raises(Unavailable), anyio.fail_after(60):
        await admission(server, Clock()).admit(server.token("old"))


async def test_who_has_a_key_does_not_wait_for_one_who_asks_for_news() -> None:
    clock, gate, asked = Clock(), anyio.Event(), 0

    async def publish() -> Sequence[dict[str, Any]]:
        nonlocal asked
        asked += 1
        if asked > 1:
            await gate.wait()
        return [public_jwk(OLD, "old")]

    keys = Keys(publish, clock)
    await keys.get("old", "RS256")
    clock.now += 601
    served = anyio.Event()

    async def use() -> None:
        await keys.get("old", "RS256")
        served.set()

    async with anyio.create_task_group() as group:
        group.start_soon(keys.get, "old", "RS256")
        await anyio.wait_all_tasks_blocked()
        group.start_soon(use)
        await anyio.wait_all_tasks_blocked()
        assert served.is_set()
        gate.set()
    assert asked == 2


async def test_hanging_up_at_once_does_not_have_the_issuer_asked_again() -> None:
    gate, asked = anyio.Event(), 0

    async def publish() -> Sequence[dict[str, Any]]:
        nonlocal asked
        asked += 1
        await gate.wait()
        return [public_jwk(OLD, "old")]

    async def ask() -> None:
        with suppress(NotAdmitted):
            await keys.get("unknown", "RS256")

    keys = Keys(publish, Clock())
    async with anyio.create_task_group() as group:
        for _ in range(5):
            group.start_soon(ask)
        await anyio.wait_all_tasks_blocked()
        group.cancel_scope.cancel()
        gate.set()
    assert (await keys.get("old", "RS256")).key_id == "old"
    assert asked == 1
