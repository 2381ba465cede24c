"""A login at a remote server: made once by a person, used and renewed from then on without anybody."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import anyio
import httpx2
import pytest

from catalog_sources.mcp_server import open_source
from mcp_toolweaver import Downstream, Unavailable
from mcp_toolweaver.core.errors import InvalidRequest, Refused
from mcp_toolweaver.core.logins import LOGINS, Place
from mcp_toolweaver.proxy.login.acquiring import logged_in
from mcp_toolweaver.proxy.login.record import login_of
from mcp_toolweaver.proxy.login.wishes import Wishes
from mcp_toolweaver.secrets.logins import KeptLogins
from tests.fakes.oauth_world import CLIENT, CLIENT_SECRET, MARK, World, world

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def served() -> Generator[World]:
    with world() as one:
        yield one


@pytest.fixture
def guarded(served: World) -> World:
    """Forget what other tests did."""
    served.refuses_refresh = served.is_broken = served.denies = False
    served.lifetime = 3600
    served.token_endpoint = f"{served.url}/token"
    served.lacks = ""
    served.is_open = False
    served.asked.clear()
    served.scopes_asked.clear()
    served.expire()
    return served


@pytest.fixture
async def store(tmp_path: Path) -> AsyncGenerator[KeptLogins]:
    made = KeptLogins(tmp_path / "logins", keyring=False)
    reset = LOGINS.set(made)
    yield made
    LOGINS.reset(reset)


def place(guarded: World, path: str = "/mcp") -> Place:
    return Place("vault", guarded.url + path)


async def browse(url: str) -> None:
    """Do what a browser does whose user is logged in at the authorization server."""
    async with httpx2.AsyncClient(follow_redirects=True, timeout=60) as browser:
        await browser.get(url)


async def log_in(guarded: World, store: KeptLogins, *, path: str = "/mcp", **wishes: Any) -> None:
    where = place(guarded, path)
    made = await logged_in(where, Wishes(**wishes), browse, is_sse=path == "/sse")
    store.write(where, made.model_dump_json())


def age(guarded: World, store: KeptLogins, path: str = "/mcp") -> None:
    """Let the kept access token be over, here and there."""
    where = place(guarded, path)
    login = login_of(store.read(where))
    assert login is not None
    store.write(where, login.model_copy(update={"expires_at": time.time() - 1}).model_dump_json())
    guarded.expire()


@asynccontextmanager
async def opened(guarded: World, **options: Any) -> AsyncGenerator[Downstream]:
    chosen = {"transport": "http", "url": f"{guarded.url}/mcp", **options}
    async with open_source("vault", chosen) as source:
        yield source


async def whisper(source: Downstream, word: str = "hello") -> str:
    """Return what a call answered, be it a complaint."""
    try:
        return str((await source.call_tool("whisper", {"word": word})).payload)
    except Unavailable as error:
        return str(error)


@pytest.mark.parametrize("transport", ["http", "sse"])
async def test_who_is_logged_in_may_call(guarded: World, store: KeptLogins, transport: str) -> None:
    path = "/sse" if transport == "sse" else "/mcp"
    await log_in(guarded, store, path=path)
    async with opened(guarded, transport=transport, url=guarded.url + path) as source:
        assert [tool.id.name for tool in await source.list_tools()] == ["whisper"]
        assert "psst, hello" in await whisper(source)
    assert guarded.scopes_asked == ["tools"]


@pytest.mark.parametrize("transport", ["http", "sse"])
async def test_who_is_not_is_told_which_command_to_run(guarded: World, store: KeptLogins, transport: str) -> None:
    with pytest.raises(Unavailable, match=r"it needs a login; run `toolweaver login vault`"):
        async with opened(guarded, transport=transport, url=f"{guarded.url}/{'sse' if transport == 'sse' else 'mcp'}"):
            pass
    assert guarded.asked["register"] == 0
    assert store.stamp(place(guarded)) is None


async def test_a_login_is_for_the_name_and_the_address_it_was_made_for(guarded: World, store: KeptLogins) -> None:
    await log_in(guarded, store)
    for name, url in (("other", f"{guarded.url}/mcp"), ("vault", f"{guarded.url}/mcp?x=1")):
        with pytest.raises(Unavailable, match="needs a login"):
            async with open_source(name, {"transport": "http", "url": url}):
                pass


async def test_a_header_of_the_owners_own_comes_first(guarded: World, store: KeptLogins) -> None:
    await log_in(guarded, store)
    with pytest.raises(Unavailable, match="Authorization header under headers is not taken"):
        async with opened(guarded, headers={"authorization": "Bearer other"}):
            pass


async def test_many_calls_at_once_renew_a_token_once(guarded: World, store: KeptLogins) -> None:
    await log_in(guarded, store)
    async with opened(guarded) as one, opened(guarded) as other:  # as two processes would: each with locks of its own
        age(guarded, store)
        answers: list[str] = []

        async def ask(source: Downstream, word: str) -> None:
            answers.append(await whisper(source, word))

        async with anyio.create_task_group() as tasks:
            for number in range(20):
                tasks.start_soon(ask, one if number % 2 else other, f"word-{number}")
    assert [answer for answer in answers if "psst, word-" not in answer] == []
    assert len(answers) == 20
    assert guarded.asked["refresh_token"] == 1
    assert guarded.asked["refused"] == 1, "of the login alone: no call was tried with a token that was over"


async def test_a_token_is_renewed_before_its_end(guarded: World, store: KeptLogins) -> None:
    await log_in(guarded, store)
    login = login_of(store.read(place(guarded)))
    assert login is not None
    store.write(place(guarded), login.model_copy(update={"expires_at": time.time() + 30}).model_dump_json())
    async with opened(guarded) as source:
        await whisper(source)
    assert guarded.asked["refresh_token"] == 1


async def test_a_token_that_was_taken_back_early_is_renewed_too(guarded: World, store: KeptLogins) -> None:
    await log_in(guarded, store)
    async with opened(guarded) as source:
        guarded.expire()
        assert "psst" in await whisper(source)
    assert guarded.asked["refresh_token"] == 1


async def test_a_refused_renewal_ends_the_login_and_the_authorization_server_is_left_in_peace(
    guarded: World, store: KeptLogins
) -> None:
    await log_in(guarded, store)
    async with opened(guarded) as source:
        age(guarded, store)
        guarded.refuses_refresh = True
        assert "run `toolweaver login vault`" in await whisper(source)
        with pytest.raises(Unavailable):  # so that searches and lists say so, too
            await source.wait_changed()
    for _ in range(2):
        with pytest.raises(Unavailable, match="run `toolweaver login vault`"):
            async with opened(guarded):
                pass
    assert guarded.asked["refresh_token"] == 1
    guarded.refuses_refresh = False
    await log_in(guarded, store)
    async with opened(guarded) as source:
        assert "psst" in await whisper(source)
    kept = store.read(place(guarded))
    assert kept is not None


async def test_who_waits_for_a_login_is_told_of_it(guarded: World, store: KeptLogins) -> None:
    with pytest.raises(Unavailable) as away:
        async with opened(guarded):
            pass
    assert away.value.mended is not None
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(log_in, guarded, store)
        with anyio.fail_after(60):
            await away.value.mended()
    async with opened(guarded) as source:
        assert "psst" in await whisper(source)


async def test_an_issuer_other_than_the_owners_is_refused(guarded: World, store: KeptLogins) -> None:
    for client in (None, CLIENT):
        with pytest.raises(Unavailable, match=r"and auth\.issuer is https://issuer\.example"):
            await log_in(guarded, store, issuer="https://issuer.example", client_id=client)
    assert guarded.asked["register"] == guarded.asked["authorization_code"] == 0
    await log_in(guarded, store, issuer=guarded.url)


async def test_an_authorization_server_that_is_away_costs_no_login(guarded: World, store: KeptLogins) -> None:
    await log_in(guarded, store)
    async with opened(guarded) as source:
        age(guarded, store)
        guarded.is_broken = True
        assert "could not be renewed" in await whisper(source)
        guarded.is_broken = False
        assert "psst" in await whisper(source)


async def test_a_cancelled_call_does_not_lose_the_new_token(guarded: World, store: KeptLogins) -> None:
    await log_in(guarded, store)
    async with opened(guarded) as source:
        age(guarded, store)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(whisper, source)
            with anyio.fail_after(60):
                while not guarded.asked["refresh_token"]:
                    await anyio.sleep(0.001)
            tasks.cancel_scope.cancel()
        assert "psst" in await whisper(source)
    assert guarded.asked["refresh_token"] == 1


async def test_after_a_logout_elsewhere_no_call_is_made_with_the_old_token(guarded: World, store: KeptLogins) -> None:
    await log_in(guarded, store)
    async with opened(guarded) as source:
        assert "psst" in await whisper(source)
        store.remove(place(guarded))
        assert "needs a login" in await whisper(source)


async def test_a_machine_logs_in_by_itself(guarded: World, store: KeptLogins) -> None:
    auth = {
        "grant": "client_credentials",
        "client_id": CLIENT,
        "client_secret": CLIENT_SECRET,
        "scopes": ["a", "b"],
        "issuer": guarded.url,
    }
    async with opened(guarded, auth=auth) as source:
        assert "psst" in await whisper(source)
        age(guarded, store)
        assert "psst" in await whisper(source)
    assert guarded.asked["client_credentials"] == 2
    assert guarded.scopes_asked == ["a b", "a b"]


async def test_the_owner_may_choose_client_scopes_and_port(guarded: World, store: KeptLogins) -> None:
    await log_in(guarded, store, client_id="mine", scopes=("only", "these"))
    assert guarded.asked["register"] == 0
    assert guarded.scopes_asked == ["only these"]


async def test_a_person_who_says_no_is_believed(guarded: World, store: KeptLogins) -> None:
    guarded.denies = True
    with pytest.raises(Refused, match="access_denied"):
        await log_in(guarded, store)
    assert store.stamp(place(guarded)) is None


@pytest.mark.parametrize("grant", ["authorization_code", "client_credentials"])
async def test_no_secret_goes_where_others_can_read_it(guarded: World, store: KeptLogins, grant: str) -> None:
    guarded.token_endpoint = "http://login.example/token"
    with pytest.raises(Refused, match=r"login\.example is not reached by https"):
        await log_in(guarded, store, grant=grant, client_id=CLIENT, client_secret=CLIENT_SECRET)


async def test_a_login_that_lacks_a_scope_says_which(guarded: World, store: KeptLogins) -> None:
    await log_in(guarded, store)
    async with opened(guarded) as source:
        guarded.lacks = "admin:write"
        refused = await whisper(source)
    assert "lacks the scope admin:write, which goes under auth.scopes; run `toolweaver login vault`" in refused


async def test_a_redirect_that_we_did_not_ask_for_is_not_taken(guarded: World) -> None:
    async def browse_with_an_attacker(url: str) -> None:
        back = parse_qs(urlsplit(url).query)["redirect_uri"][0]
        async with httpx2.AsyncClient(timeout=60) as attacker:
            for query in ("code=evil&state=guessed", "error=access_denied", "code=evil", ""):
                assert (await attacker.get(f"{back}?{query}")).status_code == 404
        await browse(url)

    made = await logged_in(place(guarded), Wishes(), browse_with_an_attacker)
    assert made.tokens is not None


async def test_a_server_that_wants_a_login_only_later_gets_one_where_that_is_configured(guarded: World) -> None:
    guarded.is_open = True
    with pytest.raises(InvalidRequest, match="asks for no login"):
        await logged_in(place(guarded), Wishes(), browse)
    made = await logged_in(place(guarded), Wishes(), browse, insists=True)
    assert made.tokens is not None


async def test_a_server_that_wants_no_login_is_told_apart(guarded: World) -> None:
    with pytest.raises(InvalidRequest, match="asks for no login"):
        await logged_in(Place("open", f"{guarded.url}/nothing"), Wishes(), browse)


async def test_no_secret_is_shown_or_logged(
    guarded: World, store: KeptLogins, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    await log_in(guarded, store)
    async with opened(guarded) as source:
        age(guarded, store)
        await whisper(source)
        age(guarded, store)
        guarded.refuses_refresh = True
        refused = await whisper(source)
    assert "needs a login" in refused
    assert MARK not in refused
    login = login_of(store.read(place(guarded)))
    assert MARK not in repr(login)
    out, err = capfd.readouterr()
    assert MARK not in out + err
    lines = [record.getMessage() for record in caplog.records]
    assert [line for line in lines if MARK in line and "callback?code=" not in line] == []  # that is the browser's


async def test_a_file_of_a_login_is_for_its_owner_alone(guarded: World, store: KeptLogins, tmp_path: Path) -> None:
    await log_in(guarded, store)
    files = [file for file in (tmp_path / "logins").iterdir() if file.suffix == ".json"]
    assert [file.stat().st_mode & 0o777 for file in files] == [0o600]
    assert (tmp_path / "logins").stat().st_mode & 0o777 == 0o700
    assert json.loads(files[0].read_text())["server"] == "vault"
    files[0].write_text("damaged")
    with pytest.raises(Unavailable, match="needs a login"):
        async with opened(guarded):
            pass
