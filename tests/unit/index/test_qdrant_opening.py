"""Who may be at an address, and what is said where it is no Qdrant for us."""

from __future__ import annotations

import logging
import warnings

import pytest

from mcp_toolweaver.core.errors import ConfigurationError, Unavailable
from mcp_toolweaver.index.qdrant.opening import open_qdrant
from mcp_toolweaver.index.qdrant.options import Address, Place
from tests.contracts.points import DIMENSION, SPACE, by_meaning, find, make_point, stored, unit
from tests.fakes.qdrant_server import fake_qdrant

pytestmark = pytest.mark.anyio

PLACE = Place(SPACE, DIMENSION)


async def complaint(address: Address) -> str:
    with pytest.raises(Unavailable) as raised:
        async with open_qdrant(address, PLACE):
            pass
    return str(raised.value)


async def test_rest_is_used_where_grpc_does_not_answer(caplog: pytest.LogCaptureFixture) -> None:
    async with fake_qdrant() as server:
        with caplog.at_level(logging.DEBUG, "mcp_toolweaver"):
            async with open_qdrant(Address(server.url, grpc_port=1), PLACE) as engine:
                await engine.write([make_point(1, meaning=unit(1))])
                assert set(await stored(engine)) == {1}
    assert "does not answer by gRPC on port 1" in caplog.text
    assert "using REST" in caplog.text


async def test_a_right_api_key_is_accepted_and_a_wrong_one_told(
    capfd: pytest.CaptureFixture[str], recwarn: pytest.WarningsRecorder
) -> None:
    async with fake_qdrant() as server:
        server.api_key = "s3cret"
        async with open_qdrant(Address(server.url, "s3cret", prefer_grpc=False), PLACE) as engine:
            assert await stored(engine) == {}
        for key in (None, "wr0ng"):
            said = await complaint(Address(server.url, key, prefer_grpc=False))
            assert "refuses the API key; set index.api_key" in said
            assert "wr0ng" not in said
    assert capfd.readouterr() == ("", "")
    assert [str(warning.message) for warning in recwarn] == []


async def test_an_old_server_is_told_to_be_upgraded(capfd: pytest.CaptureFixture[str]) -> None:
    async with fake_qdrant() as server:
        server.version = "1.14.9"
        said = await complaint(Address(server.url, prefer_grpc=False))
        assert said == f"Qdrant: 127.0.0.1:{server.port} runs version 1.14.9; upgrade it to 1.15 or newer"
        assert server.store.made == {}
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("version", ["1.15.0", "1.15.0-dev", "v1.20.3", "2.0.0"])
async def test_a_server_that_is_new_enough_is_used(version: str) -> None:
    async with fake_qdrant() as server:
        server.version = version
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            async with open_qdrant(Address(server.url, prefer_grpc=False), PLACE) as engine:
                assert await find(engine, by_meaning(unit(1))) == {}


@pytest.mark.parametrize("version", ["", "newest", "-1.15"])
async def test_a_version_that_is_none_is_no_qdrant(version: str) -> None:
    async with fake_qdrant() as server:
        server.version = version
        assert "is not Qdrant's REST API" in await complaint(Address(server.url, prefer_grpc=False))


async def test_another_program_with_a_version_is_no_qdrant() -> None:
    async with fake_qdrant() as server:
        wrong = Address(f"{server.url}/collections", prefer_grpc=False)
        assert "is not Qdrant's REST API" in await complaint(wrong)


@pytest.mark.parametrize(
    "url", ["", "http://", "ftp://localhost:6333", "http://localhost:port", "http://localhost:99999", "file:///x", "::"]
)
async def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError, match=r"index\.url"):
        async with open_qdrant(Address(url), PLACE):
            pass


async def test_an_address_needs_no_scheme() -> None:
    async with fake_qdrant() as server:
        address = Address(f"127.0.0.1:{server.port}", prefer_grpc=False)
        async with open_qdrant(address, PLACE) as engine:
            assert await stored(engine) == {}


async def test_a_host_that_nobody_knows_is_told() -> None:
    said = await complaint(Address("http://no-such-host.invalid:6333", prefer_grpc=False))
    assert "no-such-host.invalid:6333 cannot be reached; start it, or correct index.url" in said


async def test_tls_towards_a_server_without_it_is_told() -> None:
    async with fake_qdrant() as server:
        said = await complaint(Address(f"https://127.0.0.1:{server.port}", prefer_grpc=False))
    assert "could not agree on TLS with us; see whether index.url is to start with http or https" in said


@pytest.mark.parametrize("url", ["http://me:s3cret@127.0.0.1:1", "http://127.0.0.1:1?key=s3cret"])
async def test_an_address_with_a_secret_in_it_is_refused_and_not_told(url: str) -> None:
    with pytest.raises(ConfigurationError, match="a key is index") as refused:
        await complaint(Address(url, prefer_grpc=False))
    assert "s3cret" not in str(refused.value)


async def test_a_key_that_goes_over_the_net_unencrypted_is_warned_of(caplog: pytest.LogCaptureFixture) -> None:
    await complaint(Address("http://qdrant.invalid:1", "s3cret", prefer_grpc=False))
    assert "qdrant.invalid:1 unencrypted" in caplog.text
    caplog.clear()
    await complaint(Address("http://127.0.0.1:1", "s3cret", prefer_grpc=False))
    assert "unencrypted" not in caplog.text
    assert "s3cret" not in caplog.text


async def test_connections_are_kept() -> None:
    async with fake_qdrant() as server, open_qdrant(Address(server.url, prefer_grpc=False), PLACE) as engine:
        for _ in range(20):
            await find(engine, by_meaning(unit(1)))
        assert server.connections == 1


async def test_a_client_that_was_given_stays_open() -> None:
    async with fake_qdrant() as server, open_qdrant(Address(server.url, prefer_grpc=False), PLACE) as engine:
        async with open_qdrant(engine.link.client, PLACE) as second:
            await second.write([make_point(1)])
        assert set(await stored(engine)) == {1}
