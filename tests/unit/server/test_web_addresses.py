"""Where we listen, as it is written, and what is let in there."""

import pytest

from mcp_toolweaver.server.web.address import DEFAULT_PORT, Address
from mcp_toolweaver.server.web.origins import AllowList


@pytest.mark.parametrize(
    ("written", "host", "port"),
    [
        ("", "127.0.0.1", DEFAULT_PORT),
        ("9000", "127.0.0.1", 9000),
        (":9000", "127.0.0.1", 9000),
        ("0.0.0.0:80", "0.0.0.0", 80),
        ("localhost", "localhost", DEFAULT_PORT),
        ("example.com:1", "example.com", 1),
        ("[::1]:9000", "::1", 9000),
        ("[::]", "::", DEFAULT_PORT),
    ],
)
def test_an_address_is_read_in_each_of_its_forms(written: str, host: str, port: int) -> None:
    assert Address.of(written) == Address(host, port)


@pytest.mark.parametrize("written", ["a:b", "::1:80:x", "host:70000", "[::1", "1:2:3", "http://x"])
def test_what_is_no_address_says_what_one_is(written: str) -> None:
    with pytest.raises(ValueError, match="write HOST:PORT"):
        Address.of(written)


@pytest.mark.parametrize(
    ("host", "is_loopback"),
    [("127.0.0.1", True), ("127.8.8.8", True), ("::1", True), ("LocalHost", True), ("0.0.0.0", False), ("::", False)],
)
def test_only_this_machine_reaches_a_loopback_address(host: str, is_loopback: bool) -> None:  # noqa: FBT001
    assert Address(host).is_loopback is is_loopback


def test_beyond_this_machine_addresses_are_let_in_and_foreign_names_are_not() -> None:
    allowed = AllowList.of(Address("0.0.0.0"), hosts=["*.example.com"])
    assert allowed.has_host("192.168.1.7:8321")
    assert allowed.has_host("[fe80::1]:8321")
    assert allowed.has_host("tools.example.com:443")
    assert not allowed.has_host("example.com")
    assert not allowed.has_host("evil.example")
    assert not AllowList.of(Address()).has_host("192.168.1.7:8321")
