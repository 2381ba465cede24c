"""A registry may send for so long and so much; what it sends is read all the same, and what is left out is said."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path
from threading import Event, Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from mcp_toolweaver.core.errors import Unavailable
from mcp_toolweaver.registry import asking
from mcp_toolweaver.registry.entry import Entry, entry_of
from mcp_toolweaver.registry.ranking import newest, ranked, searches
from mcp_toolweaver.registry.reading import read_entries, shown

Answer = Callable[[dict[str, str]], Iterator[bytes]]


@contextmanager
def answering(answer: Answer) -> Generator[tuple[str, list[dict[str, str]]]]:
    """Give the address of a server that answers everything so, and the parameters that it was asked with."""
    asked: list[dict[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append({key: values[0] for key, values in parse_qs(urlsplit(self.path).query).items()})
            self.send_response(200)
            self.end_headers()
            try:
                for part in answer(asked[-1]):
                    self.wfile.write(part)
                    self.wfile.flush()
            except OSError:
                return  # whoever asked has heard enough

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  named so by the library
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def entry(name: str, version: str = "1.0.0", **values: Any) -> dict[str, Any]:
    return {"server": {"name": name, "version": version, **values}, "_meta": {}}


def page(*entries: Any, following: Any = None) -> bytes:
    return json.dumps({"servers": entries, "metadata": {"nextCursor": following}}).encode()


def test_a_registry_that_never_ends_its_answer_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "_ALL_SECONDS", 0.5)
    gone = Event()

    def drip(_asked: dict[str, str]) -> Iterator[bytes]:
        while not gone.wait(0.05):
            yield b" "

    with answering(drip) as (address, _):
        with pytest.raises(Unavailable, match="takes more than"):
            read_entries(address)
        gone.set()


def test_a_registry_that_sends_too_much_is_left() -> None:
    def flood(_asked: dict[str, str]) -> Iterator[bytes]:
        for _ in range(64):
            yield b" " * 1_000_000

    with answering(flood) as (address, _), pytest.raises(Unavailable, match="sends more than 32 MB"):
        read_entries(address)


def test_a_registry_without_an_end_is_looked_at_so_far_and_that_is_said() -> None:
    def endless(asked: dict[str, str]) -> Iterator[bytes]:
        number = int(asked.get("cursor", 0))
        yield page(entry(f"a/x{number}"), following=str(number + 1))

    with answering(endless) as (address, asked):
        found = read_entries(address, ["x"])
    assert (len(found.entries), len(asked)) == (20, 20)
    assert found.problems == ["there are more servers that are called 'x' than the 2,000 that were looked at"]


@pytest.mark.parametrize("following", ["same", 7, {}, ""])
def test_a_cursor_that_leads_nowhere_ends_the_list(following: Any) -> None:
    with answering(lambda _asked: iter([page(entry("a/x"), following=following)])) as (address, asked):
        read_entries(address)
    assert len(asked) <= 2


def test_each_word_that_matters_is_asked_for() -> None:
    with answering(lambda _asked: iter([page(entry("a/x"))])) as (address, asked):
        read_entries(address, searches("the forecasts of weather, please"))
    assert [each["search"] for each in asked] == ["forecast", "weather"]
    assert all(each["version"] == "latest" for each in asked)


def test_entries_that_are_none_are_left_out_and_the_others_stay() -> None:
    wrong = [
        7,
        None,
        {},
        {"server": 3},
        entry("no name"),
        entry("a/y", packages=[{"identifier": 3}]),
        json.loads("[" * 50 + "]" * 50),
    ]
    with answering(lambda _asked: iter([page(*wrong, entry("a/x"))])) as (address, _):
        found = read_entries(address)
    assert [each.name for each in found.entries] == ["a/x"]
    assert len(found.problems) == len(wrong)
    assert all("page 1, entry" in each and "left out: " in each for each in found.problems)


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b"{}", b"{half", b"[" * 100_000, b"\xff\xfe", b"<html></html>"])
def test_what_is_no_registry_is_said(body: bytes) -> None:
    with answering(lambda _asked: iter([body])) as (address, _), pytest.raises(Unavailable, match="is it a registry"):
        read_entries(address)


def test_the_password_of_a_registry_is_never_told() -> None:
    source = "http://user:geheim@127.0.0.1:9/registry"
    with pytest.raises(Unavailable) as caught:
        read_entries(source)
    assert "geheim" not in str(caught.value)
    assert "127.0.0.1:9" in str(caught.value)
    assert "geheim" not in shown(source)


def test_a_file_that_cannot_be_read_keeps_no_other_of_its_folder_back(tmp_path: Path) -> None:
    (tmp_path / "good.json").write_text(json.dumps(entry("a/x")))
    (tmp_path / "half.json").write_text('{"name": ')
    (tmp_path / "bytes.json").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "folder.json").mkdir()
    found = read_entries(str(tmp_path))
    assert [each.name for each in found.entries] == ["a/x"]
    assert len(found.problems) == 2
    with pytest.raises(Unavailable, match="half"):
        read_entries(str(tmp_path / "half.json"))
    with pytest.raises(Unavailable, match="holds no"):
        read_entries(str(tmp_path / "folder.json"))


def test_a_line_ends_where_json_lines_end(tmp_path: Path) -> None:
    two = [json.dumps(entry(name, description="a\u2028b\x85c"), ensure_ascii=False) for name in ("a/x", "a/y")]
    (tmp_path / "r.jsonl").write_bytes("\r\n".join(two).encode())
    assert [each.name for each in read_entries(str(tmp_path)).entries] == ["a/x", "a/y"]


def test_versions_are_in_the_order_of_semantic_versioning() -> None:
    order = [
        "0.9.0",
        "1.0.0-alpha",
        "1.0.0-alpha.1",
        "1.0.0-alpha.beta",
        "1.0.0-rc.2",
        "1.0.0-rc.10",
        "1.0.0",
        "1.2.0+7",
        "1.10.0",
    ]
    for before, after in pairwise(order):
        both: list[Entry] = [entry_of(entry("a/x", version)) for version in (after, before)]
        assert [each.version for each in newest(both)] == [after]


def test_a_deprecated_server_comes_after_one_that_is_not() -> None:
    old = entry("a/files")
    old["_meta"] = {"io.modelcontextprotocol.registry/official": {"status": "deprecated"}}
    both = [entry_of(old), entry_of(entry("b/files"))]
    assert [each.name for each in ranked(both, "files", 5)] == ["b/files", "a/files"]
