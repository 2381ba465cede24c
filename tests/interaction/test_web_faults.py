"""A server over HTTP that misbehaves: one answer or one error, nothing runs twice, and its neighbour is well."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp.client.client import Client

from tests.downstreams.misbehaving_web import MisbehavingWeb
from tests.interaction.oracle import search
from tests.interaction.servers import host, text_of, write_config

pytestmark = pytest.mark.anyio

DEADLINE = 3
GRACE = 1.5


@pytest.fixture
def web() -> Generator[MisbehavingWeb]:
    """A server on the loopback interface."""
    with MisbehavingWeb() as server:
        yield server


def _config(folder: Path, web: MisbehavingWeb, way: str, **entry: Any) -> Path:
    odd = {"type": "http", "url": web.url(way), "callTimeout": DEADLINE, "connectTimeout": 10, **entry}
    return write_config(folder, {"calm": {"type": "http", "url": web.url("good")}, "odd": odd})


async def _call(client: Client, server: str, nonce: str) -> Any:
    with anyio.fail_after(DEADLINE + GRACE):
        return await client.call_tool("call_tool", {"name": f"{server}__echo", "arguments": {"nonce": nonce}})


async def _is_well(client: Client, nonce: str) -> None:
    result = await _call(client, "calm", nonce)
    assert not result.is_error, text_of(result)
    assert nonce in text_of(result)


FAILING = {
    "busy": ("429", 0),
    "broken": ("500", 0),
    "away": ("503", 0),
    "done_and_broken": ("500", 1),
    "html": ("html", 1),
    "cut": ("", 1),
    "cut_stream": ("", 1),
    "drip": ("", 1),
}
"""By way: what the error says, and how often the call was executed."""


@pytest.mark.parametrize("way", FAILING)
async def test_a_call_that_fails_on_the_way_ends_in_one_error_and_is_not_repeated(
    way: str, web: MisbehavingWeb, tmp_path: Path
) -> None:
    _says, times = FAILING[way]
    async with host(_config(tmp_path, web, way)) as client:
        await _is_well(client, "before")
        failed = await _call(client, "odd", "once")
        await _is_well(client, "after")
        again = await _call(client, "odd", "twice")
        await _is_well(client, "at last")
    for answer in (failed, again):
        assert answer.is_error
        assert "'odd'" in text_of(answer)
        assert "fault of its own" not in text_of(answer)
    assert Counter(web.ledger)["once"] == times
    assert max(Counter(web.ledger).values()) == 1


async def test_the_error_says_when_a_page_of_html_came_back(web: MisbehavingWeb, tmp_path: Path) -> None:
    async with host(_config(tmp_path, web, "html")) as client:
        await _is_well(client, "before")
        failed = await _call(client, "odd", "once")
    assert "text/html" in text_of(failed)


@pytest.mark.parametrize("way", [way for way, (status, _times) in FAILING.items() if status.isdigit()])
async def test_the_error_says_which_status_came_back(way: str, web: MisbehavingWeb, tmp_path: Path) -> None:
    """And that it may have run, where the status does not exclude it; 429 does."""
    async with host(_config(tmp_path, web, way)) as client:
        await _is_well(client, "before")
        failed = await _call(client, "odd", "once")
    assert FAILING[way][0] in text_of(failed)
    assert way == "busy" or "unknown" in text_of(failed)


@pytest.mark.parametrize("way", ["busy", "broken", "away"])
async def test_a_refused_call_does_not_end_the_session(way: str, web: MisbehavingWeb, tmp_path: Path) -> None:
    """Too many requests, or a moment of trouble, is not death."""
    async with host(_config(tmp_path, web, way)) as client:
        await _is_well(client, "before")
        for number in range(3):
            await _call(client, "odd", f"call {number}")
    assert web.initialized == 2


@pytest.mark.parametrize("status", ["401", "403"])
async def test_a_server_that_wants_a_login_is_named_with_what_to_do(
    status: str, web: MisbehavingWeb, tmp_path: Path
) -> None:
    async with host(_config(tmp_path, web, status)) as client:
        notes = await _noted(client, status)
        await _is_well(client, "beside")
    assert "it needs a login; run `toolweaver login odd`" in notes
    assert "k3y" not in notes


@pytest.mark.parametrize("way", ["page", "moved"])
async def test_an_address_that_is_no_server_is_named(way: str, web: MisbehavingWeb, tmp_path: Path) -> None:
    with MisbehavingWeb() as other:
        web.elsewhere = other.url("good")
        async with host(_config(tmp_path, web, way)) as client:
            await _noted(client, "odd")
            await _is_well(client, "beside")


async def test_what_the_owner_gave_for_one_host_is_not_sent_to_another(web: MisbehavingWeb, tmp_path: Path) -> None:
    """Not when the server redirects to it either."""
    with MisbehavingWeb() as other:
        web.elsewhere = other.url("good").replace("127.0.0.1", "localhost")
        secret = {"Authorization": "Bearer s3cret", "X-Api-Key": "s3cret"}
        async with host(_config(tmp_path, web, "moved", headers=secret)) as client:
            await _is_well(client, "beside")
            await _call(client, "odd", "once")
        assert "s3cret" in str([headers for path, headers in web.requests if path.startswith("/moved")])
        assert "s3cret" not in str(other.requests)


async def test_a_session_that_was_forgotten_is_begun_anew_and_the_call_runs_once(
    web: MisbehavingWeb, tmp_path: Path
) -> None:
    async with host(_config(tmp_path, web, "good")) as client:
        await _is_well(client, "before")
        for number in range(3):
            web.forget_sessions()
            result = await _call(client, "odd", f"forgotten {number}")
            assert not result.is_error, text_of(result)
            assert f"forgotten {number}" in text_of(result)
    assert max(Counter(web.ledger).values()) == 1


async def test_a_server_that_was_away_is_back_for_the_next_call(web: MisbehavingWeb, tmp_path: Path) -> None:
    with MisbehavingWeb() as other:
        config = write_config(
            tmp_path,
            {
                "calm": {"type": "http", "url": web.url("good")},
                "odd": {"type": "http", "url": other.url("good"), "callTimeout": DEADLINE},
            },
        )
        async with host(config) as client:
            assert not (await _call(client, "odd", "before")).is_error
            other.__exit__(None, None, None)
            other.forget_sessions()
            away = await _call(client, "odd", "while away")
            assert away.is_error
            assert "'odd'" in text_of(away)
            await _is_well(client, "beside")
            other.__enter__()
            with anyio.fail_after(40):
                while (answer := await _call(client, "odd", "back")).is_error:
                    await anyio.sleep(0.2)
            assert "back" in text_of(answer)
        assert Counter(other.ledger) == {"before": 1, "back": 1}


async def _noted(client: Client, words: str) -> str:
    with anyio.fail_after(20):
        while True:
            notes = " ".join((await search(client, "odd echo"))["degraded"])
            if words in notes and "still starting" not in notes:
                return notes
            await anyio.sleep(0.1)
