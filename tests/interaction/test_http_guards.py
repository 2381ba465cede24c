"""What is refused over HTTP, on every route."""

from __future__ import annotations

import itertools
import json
import socket
from collections.abc import Generator, Mapping
from pathlib import Path

import httpx
import pytest

from tests.interaction.servers import write_config
from tests.interaction.web_stage import Served, message_of, served

ROUTES = [
    ("POST", "/mcp"),
    ("GET", "/mcp"),
    ("DELETE", "/mcp"),
    ("OPTIONS", "/mcp"),
    ("GET", "/sse"),
    ("POST", "/messages/"),
    ("POST", "/messages/?session_id=00000000000000000000000000000000"),
    ("GET", "/healthz"),
    ("GET", "/readyz"),
    ("GET", "/nowhere"),
    ("POST", "/p/some/mcp"),
    ("GET", "/p/some/sse"),
    ("POST", "/p/some/messages/"),
]
FOREIGN = [
    ({"host": "evil.example"}, 421),
    ({"host": "evil.example:8321"}, 421),
    ({"host": "127.0.0.1.evil.example"}, 421),
    ({"host": "localhost.evil.example:80"}, 421),
    ({"host": "192.168.1.1"}, 421),
    ({"host": ""}, 421),
    ({"origin": "https://evil.example"}, 403),
    ({"origin": "http://localhost.evil.example"}, 403),
    ({"origin": "http://evil.example:8321"}, 403),
    ({"origin": "file://"}, 403),
    ({"origin": "null"}, 403),
    ({"origin": "http://[::1"}, 403),
    ({"origin": "https://app.example.com.evil.example"}, 403),
]
INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "test", "version": "0"}},
}
ACCEPT = {"accept": "application/json, text/event-stream"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Generator[Served]:
    serve = {"allowed_hosts": ["mcp.example.com"], "allowed_origins": ["https://app.example.com"], "max_body_mb": 1}
    config = write_config(tmp_path_factory.mktemp("guards"), {}, toolweaver={"serve": serve})
    with served(config) as started:
        yield started


@pytest.mark.parametrize(
    ("route", "foreign"), list(itertools.product(ROUTES, FOREIGN)), ids=lambda part: json.dumps(part[:2])[:60]
)
def test_foreign_hosts_and_origins_are_refused_on_every_route(
    server: Served, route: tuple[str, str], foreign: tuple[Mapping[str, str], int]
) -> None:
    (method, path), (headers, status) = route, foreign
    answer = httpx.request(method, f"{server.url}{path}", headers=ACCEPT | dict(headers))
    assert answer.status_code == status
    assert "access-control-allow-origin" not in answer.headers
    assert "serve.allowed_" in answer.json()["error"]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"host": "localhost"},
        {"host": "LOCALHOST:1"},
        {"host": "[::1]:8321"},
        {"host": "mcp.example.com"},
        {"host": "mcp.example.com:443"},
        {"origin": "http://localhost:6274"},
        {"origin": "https://127.0.0.1"},
        {"origin": "https://app.example.com"},
    ],
    ids=str,
)
def test_this_machine_and_what_the_owner_names_are_let_in(server: Served, headers: Mapping[str, str]) -> None:
    answer = httpx.post(f"{server.url}/mcp", json=INITIALIZE, headers=ACCEPT | dict(headers))
    assert answer.status_code == 200
    assert message_of(answer)["result"]["serverInfo"]["name"] == "mcp-toolweaver"
    assert answer.headers.get("access-control-allow-origin") == headers.get("origin")


def test_two_hosts_in_one_request_are_refused(server: Served) -> None:
    address = httpx.URL(server.url)
    with socket.create_connection((address.host, address.port or 0)) as raw:
        raw.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\nConnection: close\r\n\r\n")
        status = raw.makefile("rb").readline().split()[1]
    assert status in {b"400", b"421"}


def test_a_page_that_is_let_in_may_ask_what_it_may_send(server: Served) -> None:
    asked = {
        "origin": "https://app.example.com",
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization, mcp-session-id, mcp-protocol-version",
    }
    answer = httpx.options(f"{server.url}/mcp", headers=asked)
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == "https://app.example.com"
    assert "mcp-session-id" in answer.headers["access-control-allow-headers"]
    begun = httpx.post(f"{server.url}/mcp", json=INITIALIZE, headers=ACCEPT | {"origin": asked["origin"]})
    assert "Mcp-Session-Id" in begun.headers["access-control-expose-headers"]


@pytest.mark.parametrize("path", ["/mcp", "/messages/?session_id=00000000000000000000000000000000"])
@pytest.mark.parametrize("is_told", [True, False], ids=["with its length", "in chunks"])
def test_a_body_that_is_too_large_is_refused(server: Served, path: str, is_told: bool) -> None:  # noqa: FBT001
    body = b'{"jsonrpc": "2.0", "id": 1, "method": "ping", "params": {"x": "' + b"x" * (1 << 20) + b'"}}'
    content = body if is_told else iter([body[:1000], body[1000:]])
    headers = ACCEPT | {"content-type": "application/json"}
    assert httpx.post(f"{server.url}{path}", content=content, headers=headers).status_code == 413


@pytest.mark.parametrize("path", ["/p/none/mcp", "/p/none/sse", "/p//mcp", "/p/none"])
def test_a_profile_that_is_not_there_has_no_path(server: Served, path: str) -> None:
    assert httpx.get(f"{server.url}{path}").status_code == 404


def test_more_requests_than_are_taken_in_a_second_are_told_when_to_come_again(tmp_path: Path) -> None:
    config = write_config(tmp_path, {}, toolweaver={"serve": {"requests_per_second": 0.01}})
    with served(config) as server, httpx.Client(headers=ACCEPT) as client:
        assert client.post(f"{server.url}/mcp", json=INITIALIZE).status_code == 200
        refused = client.post(f"{server.url}/mcp", json=INITIALIZE)
        assert refused.status_code == 429
        assert 0 < int(refused.headers["retry-after"]) <= 100
        assert client.get(f"{server.url}/healthz").status_code == 200


def test_more_sessions_than_there_may_be_are_told_when_to_come_again(tmp_path: Path) -> None:
    config = write_config(tmp_path, {}, toolweaver={"serve": {"max_sessions": 2}})
    with served(config) as server, httpx.Client(headers=ACCEPT) as client:
        begun = [client.post(f"{server.url}/mcp", json=INITIALIZE) for _ in range(3)]
        assert [answer.status_code for answer in begun] == [200, 200, 503]
        assert begun[-1].headers["retry-after"]
        session = {"mcp-session-id": begun[0].headers["mcp-session-id"]}
        assert client.delete(f"{server.url}/mcp", headers=session).status_code == 200
        assert client.post(f"{server.url}/mcp", json=INITIALIZE).status_code == 200
