"""The entries of a registry: of one that answers at a URL, or of files that were downloaded."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2

from mcp_toolweaver.core.errors import Unavailable
from mcp_toolweaver.core.json_values import is_array, is_object
from mcp_toolweaver.registry.entry import Entry, NotAnEntry, entry_of

_PART = "the registry"
_PAGES = 20
_PER_PAGE = 100
_LARGEST = 32 * 1024 * 1024
"""Bytes of a page or a file."""
_SECONDS = 20.0


def read_entries(source: str, words: str) -> tuple[list[Entry], list[str]]:
    """Return the entries of a source, and a sentence for each that is none; a URL is asked for ``words``.

    Raises:
        Unavailable: the source cannot be read, or is no registry.
    """
    raw = (
        _asked(source, words) if urlsplit(source).scheme in {"http", "https"} else _in_files(Path(source).expanduser())
    )
    entries, problems = list[Entry](), list[str]()
    for where, each in raw:
        try:
            entries.append(entry_of(each))
        except NotAnEntry as problem:
            problems.append(f"{where}: left out: {problem}")
    return entries, problems


def _asked(source: str, words: str) -> Iterator[tuple[str, Any]]:
    """Yield what the API lists (``GET /v0.1/servers``), page by page, or what a document at the URL holds."""
    url = source.rstrip("/")
    is_document = urlsplit(url).path.endswith((".json", ".jsonl"))
    if not is_document and not url.endswith("/servers"):
        url += "/v0.1/servers"
    cursor, asked = "", {"search": words.split(maxsplit=1)[0] if words.split() else "", "limit": str(_PER_PAGE)}
    with httpx2.Client(timeout=_SECONDS, follow_redirects=False) as client:
        for page in range(1 if is_document else _PAGES):
            more = {} if is_document else {key: value for key, value in {**asked, "cursor": cursor}.items() if value}
            document = _fetched(client, url, more)
            yield from _entries(document, f"{url}, page {page + 1}")
            metadata = document.get("metadata") if is_object(document) else None
            cursor = str(metadata.get("nextCursor") or "") if is_object(metadata) else ""
            if not cursor:
                return


def _fetched(client: httpx2.Client, url: str, parameters: dict[str, str]) -> Any:
    try:
        with client.stream("GET", url, params=parameters) as response:
            if not response.is_success:
                raise Unavailable(_PART, f"{url} answered {response.status_code}; name another with --source")
            body = b""
            for chunk in response.iter_bytes():
                body += chunk
                if len(body) > _LARGEST:
                    raise Unavailable(_PART, f"{url} answered with more than 32 MB")
        return json.loads(body)
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        why = f"{url} cannot be reached ({type(error).__name__}); name a downloaded file with --source"
        raise Unavailable(_PART, why) from error
    except (ValueError, RecursionError) as error:
        raise Unavailable(_PART, f"{url} did not answer with JSON; is it a registry?") from error


def _in_files(path: Path) -> Iterator[tuple[str, Any]]:
    files = sorted(path.rglob("*.json*")) if path.is_dir() else [path]
    if not files:
        raise Unavailable(_PART, f"{path} holds no .json file")
    for file in files:
        yield from _in_file(file)


def _in_file(file: Path) -> Iterator[tuple[str, Any]]:
    try:
        if file.stat().st_size > _LARGEST:
            raise Unavailable(_PART, f"{file} is larger than 32 MB")
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise Unavailable(_PART, f"{file} cannot be read: {error}") from error
    try:
        yield from _entries(json.loads(text), str(file))
    except (ValueError, RecursionError) as error:
        if not text.lstrip().startswith("{") or "\n" not in text.strip():
            raise Unavailable(_PART, f"{file} is not JSON: {error}") from error
        yield from _lines(text, file)


def _lines(text: str, file: Path) -> Iterator[tuple[str, Any]]:
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip():
            try:
                yield f"{file}, line {number}", json.loads(line)
            except (ValueError, RecursionError) as error:
                yield f"{file}, line {number}", f"not JSON: {error}"


def _entries(document: Any, where: str) -> Iterator[tuple[str, Any]]:
    listed = document.get("servers") if is_object(document) else document
    if is_array(listed):
        yield from ((f"{where}, entry {number + 1}", each) for number, each in enumerate(listed))
    else:
        yield where, document
