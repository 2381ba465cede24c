"""A model hub on a free port of the loopback interface: as much of it as huggingface_hub asks for, and its faults."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import anyio
import pytest
from anyio.abc import SocketListener, SocketStream
from anyio.streams.buffered import BufferedByteReceiveStream

from tests.fakes.qdrant_http import Request, read_request

COMMIT = "a" * 40
REPOSITORY = "sentence-transformers/all-MiniLM-L6-v2"


def tensors(size: int = 64, fill: bytes = b"\0") -> bytes:
    """Return a whole safetensors file with one tensor of ``size`` bytes."""
    header = json.dumps({"weight": {"dtype": "U8", "shape": [size], "data_offsets": [0, size]}}).encode()
    return len(header).to_bytes(8, "little") + header + fill * size


def graph(*data: str) -> bytes:
    """Return what is written like an ONNX graph, with one tensor for each file that holds numbers of it."""
    places = [_field(1, b"location") + _field(2, name.encode()) for name in data]
    tensors_in = [_field(5, b"\x08\x03" + _field(8, b"weight") + _field(13, place)) for place in places]
    return b"\x08\x08" + _field(7, _field(2, b"a graph") + b"".join(tensors_in))


def _field(number: int, value: bytes) -> bytes:
    assert len(value) < 0x80, "its size is written in one byte"
    return bytes([number << 3 | 2, len(value)]) + value


def model_files(**others: bytes) -> dict[str, bytes]:
    """Return a small model as its authors would publish it."""
    return {
        "README.md": b"# A model",
        "config.json": b'{"hidden_size": 4}',
        "modules.json": b'[{"path": "1_Pooling", "type": "sentence_transformers.models.Pooling"}]',
        "tokenizer.json": b'{"model": {}}',
        "1_Pooling/config.json": b"{}",
        "model.safetensors": tensors(),
        "onnx/model.onnx": graph(),
        "onnx/model_O4.onnx": b"another graph",
        "pytorch_model.bin": b"never read",
        "modeling_own.py": b"never run",
        **{name.replace("__", "/"): body for name, body in others.items()},
    }


class FakeHub:
    """The hub; what goes wrong with it is set from outside."""

    def __init__(self, files: Mapping[str, bytes] | None = None) -> None:
        self.files = dict(model_files() if files is None else files)
        self.sizes: dict[str, int] = {}
        """Sizes that it claims, where they differ from the true ones."""
        self.refusal: tuple[int, dict[str, str]] | None = None
        """The status and the headers that everything is answered with."""
        self.breaks: dict[str, list[int]] = {}
        """After how many bytes of a file it hangs up, one number for each time."""
        self.stalls: set[str] = set()
        """Files of which only the first half ever comes."""
        self.requests: list[Request] = []
        self.stalled = anyio.Event()
        self.port = 0

    @property
    def got(self) -> list[str]:
        """The files that were fetched, in order."""
        return [self._file(request) for request in self.requests if request.method == "GET" and self._file(request)]

    def serve_to(self, monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
        """Make this the hub of child processes, with their cache in ``home``."""
        for name in ("HF_TOKEN", "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "TRANSFORMERS_OFFLINE"):
            monkeypatch.delenv(name, raising=False)
        for name, value in {
            "HF_ENDPOINT": f"http://127.0.0.1:{self.port}",
            "HF_HOME": str(home),
            "HF_HUB_OFFLINE": "0",
            "NO_PROXY": "127.0.0.1",
        }.items():
            monkeypatch.setenv(name, value)

    @asynccontextmanager
    async def listening(self) -> AsyncGenerator[None]:
        """Accept connections; whoever is connected at the end is cut off."""
        listener = await anyio.create_tcp_listener(local_host="127.0.0.1", local_port=self.port)
        (socket_listener,) = listener.listeners
        assert isinstance(socket_listener, SocketListener)
        self.port = int(socket_listener.extra(anyio.abc.SocketAttribute.local_port))
        async with listener, anyio.create_task_group() as group:
            group.start_soon(listener.serve, self._connected)
            yield
            group.cancel_scope.cancel()

    async def _connected(self, stream: SocketStream) -> None:
        buffered = BufferedByteReceiveStream(stream)
        try:
            async with stream:
                while await self._exchange(await read_request(buffered), stream):
                    pass
        except (anyio.EndOfStream, anyio.IncompleteRead, anyio.BrokenResourceError, anyio.ClosedResourceError):
            return

    async def _exchange(self, request: Request, stream: SocketStream) -> bool:
        """Answer one request; return whether the connection goes on."""
        self.requests.append(request)
        name = self._file(request)
        if self.refusal is not None:
            status, headers = self.refusal
            await _send(stream, request, status, b"", headers)
        elif name in self.files:
            return await self._send_file(name, request, stream)
        elif request.path.startswith("/api/models/"):
            await _send(stream, request, 200, json.dumps(self._api(request)).encode(), {})
        else:
            await _send(stream, request, 404, b"", {"X-Error-Code": "EntryNotFound"})
        return True

    async def _send_file(self, name: str, request: Request, stream: SocketStream) -> bool:
        body = self.files[name]
        start = int((re.findall(r"bytes=(\d+)-", request.headers.get("range", "")) or ["0"])[0])
        head = {"ETag": f'"{_hash(body)}"', "X-Repo-Commit": COMMIT, "Accept-Ranges": "bytes"}
        if start:
            head["Content-Range"] = f"bytes {start}-{len(body) - 1}/{len(body)}"
        cut = len(body)
        if request.method == "GET" and self.breaks.get(name):
            cut = start + self.breaks[name].pop(0)
        elif request.method == "GET" and name in self.stalls:
            cut = len(body) // 2
        await _send(stream, request, 206 if start else 200, body[start:], head, send=cut - start)
        if cut < len(body) and name in self.stalls:
            self.stalled.set()
            await anyio.sleep_forever()
        return cut >= len(body)

    def _api(self, request: Request) -> Any:
        listed = [(name, self.sizes.get(name, len(body)), _hash(body)) for name, body in self.files.items()]
        if "/tree/" in request.path:
            return [{"type": "file", "path": name, "size": size, "oid": oid} for name, size, oid in listed]
        siblings = [{"rfilename": name, "size": size, "blobId": oid} for name, size, oid in listed]
        return {"id": REPOSITORY, "modelId": REPOSITORY, "sha": COMMIT, "siblings": siblings, "private": False}

    def _file(self, request: Request) -> str:
        found = re.fullmatch(r"/[^/]+/[^/]+/resolve/[^/]+/(.+)", request.path)
        return unquote(found[1]) if found else ""


async def _send(
    stream: SocketStream,
    request: Request,
    status: int,
    body: bytes,
    headers: Mapping[str, str],
    *,
    send: int | None = None,
) -> None:
    lines = [f"HTTP/1.1 {status} Said", f"content-length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    await stream.send("\r\n".join([*lines, "", ""]).encode())
    if request.method != "HEAD":
        await stream.send(body[:send])


def _hash(body: bytes) -> str:
    return hashlib.sha1(body, usedforsecurity=False).hexdigest()


def write_files(folder: Path, files: Mapping[str, bytes]) -> Path:
    """Write files into a folder, by their paths in it."""
    for name, body in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(body)
    return folder
