"""Where Redis is, is said in one URL; one that is wrong is told so, without its password."""

from __future__ import annotations

import pytest

from mcp_toolweaver.cache.redis.options import Address, Options, read_address
from mcp_toolweaver.core.errors import ConfigurationError

SECRET = "hunter2"


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("redis://localhost", Address("single", (("localhost", 6379),))),
        ("redis://localhost:7000/", Address("single", (("localhost", 7000),))),
        ("redis://localhost/3", Address("single", (("localhost", 6379),), database=3)),
        ("rediss://cache.example", Address("single", (("cache.example", 6379),), tls=True)),
        ("redis://[::1]:7000/2", Address("single", (("::1", 7000),), database=2)),
        ("redis://[fe80::1]", Address("single", (("fe80::1", 6379),))),
        ("redis://ann@host", Address("single", (("host", 6379),), username="ann")),
        ("redis://:pw@host", Address("single", (("host", 6379),), password="pw")),
        ("redis://ann:pw@host:1", Address("single", (("host", 1),), username="ann", password="pw")),
        ("unix:///run/redis.sock", Address("single", socket="/run/redis.sock")),
        (
            "unix://ann:pw@/run/my%20redis.sock",
            Address("single", socket="/run/my redis.sock", username="ann", password="pw"),
        ),
        ("redis+sentinel://a/group", Address("sentinel", (("a", 26379),), service="group")),
        (
            "rediss+sentinel://ann:pw@a:1,b,[::1]:2/group/4",
            Address(
                "sentinel",
                (("a", 1), ("b", 26379), ("::1", 2)),
                tls=True,
                database=4,
                service="group",
                username="ann",
                password="pw",
            ),
        ),
        ("redis+cluster://a,b:7001", Address("cluster", (("a", 6379), ("b", 7001)))),
        ("rediss+cluster://:pw@a", Address("cluster", (("a", 6379),), tls=True, password="pw")),
    ],
)
def test_each_form_of_url_is_understood(url: str, address: Address) -> None:
    assert read_address(url) == address


def test_credentials_may_hold_any_character_as_its_percent_code() -> None:
    address = read_address("redis://a%3Ab%40c:p%2Fq%3Fr%23s%25@host:7000")
    assert (address.username, address.password) == ("a:b@c", "p/q?r#s%")
    assert address.hosts == (("host", 7000),)


def test_a_password_may_hold_a_colon_and_an_at_sign_as_they_are() -> None:
    assert read_address("redis://ann:a:b@c@host").password == "a:b@c"


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("http://ann:hunter2@host", "should begin with one of redis://, rediss://, unix://"),
        ("hunter2", "should begin with one of"),
        ("redis://ann:hunter2@", "names no host"),
        ("redis://ann:hunter2@:7000", "names no host"),
        ("redis+cluster://:hunter2@a,,b", "names no host"),
        ("redis://:hunter2@host:port", "port"),
        ("redis://:hunter2@host:0", "port"),
        ("redis://:hunter2@host:65536", "port"),
        (f"redis://:hunter2@host:{'9' * 5000}", "port"),
        ("redis://:hunter2@host:-1", "port"),
        ("redis://:hunter2@[::1", "is not a URL"),
        ("redis://:hunter2@::1", "[::1]"),
        ("redis://:hunter2@a,b", "names several hosts"),
        ("redis://:hunter2@host/first", "number of a database"),
        (f"redis://:hunter2@host/{'9' * 5000}", "number of a database"),
        ("redis://:hunter2@host/0/1", "number of a database"),
        ("redis+cluster://:hunter2@host/1", "should end with the host"),
        ("redis+sentinel://:hunter2@host", "name of the service"),
        ("redis+sentinel://:hunter2@host/", "name of the service"),
        ("redis+sentinel://:hunter2@host/group/first", "number of a database"),
        ("unix://:hunter2@", "path of a socket"),
        ("unix://:hunter2@run/redis.sock", "path of a socket"),
        ("redis://:hunter2@host/0?ssl_cert_reqs=none", "in a password write %2F, %3F and %23"),
    ],
)
def test_a_url_that_is_none_is_told_so_in_one_line_without_its_password(url: str, told: str) -> None:
    with pytest.raises(ConfigurationError) as refusal:
        read_address(url)
    message = str(refusal.value)
    assert told in message
    assert SECRET not in message
    assert len(message.splitlines()) == 1
    assert len(message) < 200
    assert refusal.value.__cause__ is None


@pytest.mark.parametrize("mark", ["/", "?", "#"])
@pytest.mark.parametrize("name", ["ann", ""])
@pytest.mark.parametrize("password", ["hunter2{}x", "{}hunter2", "6379{}hunter2", "hunter2{}6379"])
def test_a_password_with_a_mark_that_should_be_a_percent_code_is_neither_taken_for_a_host_nor_shown(
    name: str, mark: str, password: str
) -> None:
    with pytest.raises(ConfigurationError) as refusal:
        read_address(f"redis://{name}:{password.format(mark)}@host")
    assert SECRET not in str(refusal.value)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("redis://ann:hunter2@host", "host:6379"),
        ("unix://:hunter2@/run/redis.sock", "/run/redis.sock"),
        ("redis+sentinel://:hunter2@a,b:1/group", "a:26379,b:1"),
    ],
)
def test_what_is_shown_to_people_has_no_password(url: str, shown: str) -> None:
    address = read_address(url)
    assert address.shown == shown
    assert SECRET not in repr(Options(address, sentinel_password=SECRET))
