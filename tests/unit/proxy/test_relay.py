"""What a server tells meanwhile: to whom, how much of it, and that no change of the hosts is missed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import anyio
import anyio.lowlevel
import pytest
from mcp_types import LoggingMessageNotificationParams, RootsListChangedNotification

from mcp_toolweaver.core.exchange import Exchange, Host
from mcp_toolweaver.proxy.patience import Patience
from mcp_toolweaver.proxy.relay import Relay, keep_told

pytestmark = pytest.mark.anyio


class SlowHost:
    """A host that reads when it is let."""

    takes_round_trips = False
    answers: frozenset[str] = frozenset()

    def __init__(self, key: str = "a") -> None:
        self.key = key
        self.reads = anyio.Event()
        self.steps: list[float] = []
        self.logged: list[Any] = []

    async def ask(self, method: str, params: Mapping[str, Any] | None) -> Mapping[str, Any]:
        raise AssertionError(method, params)

    async def progress(self, done: float, total: float | None, message: str | None) -> None:  # noqa: ARG002
        await self.reads.wait()
        self.steps.append(done)

    async def log(self, message: Mapping[str, Any]) -> None:
        await self.reads.wait()
        self.logged.append(message["data"])


class FewHosts:
    """The hosts that are attached, as a test says."""

    def __init__(self, only: Host | None = None) -> None:
        self.answers: frozenset[str] = frozenset()
        self.log_level: str | None = None
        self.roots_changes = 0
        self.are_of_old = True
        self._only = only
        self._changed = anyio.Event()

    def only(self, _server: str) -> Host | None:
        return self._only

    def change(self) -> None:
        changed, self._changed = self._changed, anyio.Event()
        changed.set()

    async def wait_changed(self) -> None:
        await self._changed.wait()

    async def resource_updated(self, server: str, uri: str) -> None:
        raise AssertionError(server, uri)


class Listener:
    """A server's end of a session, which takes its time; meanwhile the hosts change once more."""

    def __init__(self, hosts: FewHosts) -> None:
        self.hosts = hosts
        self.told: list[Any] = []

    async def send_request(self, request: Any, *_more: Any) -> None:
        await anyio.lowlevel.checkpoint()
        if not self.told:
            self.hosts.log_level, self.hosts.roots_changes = "error", 1
            self.hosts.change()
            await anyio.lowlevel.checkpoint()
        self.told.append(request.params.level)

    async def send_notification(self, notification: Any) -> None:
        await anyio.lowlevel.checkpoint()
        self.told.append(type(notification))


async def test_what_changes_while_a_server_is_being_told_is_told_too() -> None:
    hosts = FewHosts()
    hosts.log_level = "info"
    listener = Listener(hosts)
    with anyio.move_on_after(0.3):
        await keep_told(cast("Any", listener), hosts, roots=True, level=True)
    assert listener.told == ["info", "error", RootsListChangedNotification]


async def test_of_a_flood_only_so_much_waits_for_a_host_that_does_not_read() -> None:
    host = SlowHost()
    relay, log = Relay("s", FewHosts()), LoggingMessageNotificationParams(level="info", data="x")
    told = relay.callbacks()["logging_callback"]
    async with (
        relay.call(Exchange(cast("Host", host)), Patience(10)) as call,
        anyio.create_task_group() as tasks,
    ):
        for step in range(1_000):
            tasks.start_soon(relay.progress, call, float(step), None, None)
            tasks.start_soon(told, log)
        await anyio.wait_all_tasks_blocked()
        host.reads.set()
    assert host.steps == list(range(64))
    assert len(host.logged) == 64


async def test_log_messages_outside_of_calls_are_for_the_only_host() -> None:
    host, log = SlowHost(), LoggingMessageNotificationParams(level="info", data="x")
    host.reads.set()
    await Relay("s", FewHosts(cast("Host", host))).callbacks()["logging_callback"](log)
    await Relay("s", FewHosts()).callbacks()["logging_callback"](log)
    await Relay("s", None).callbacks()["logging_callback"](log)
    assert host.logged == ["x"]


async def test_log_messages_during_calls_of_two_hosts_are_for_neither() -> None:
    one, two = SlowHost("a"), SlowHost("b")
    relay, log = Relay("s", FewHosts(cast("Host", one))), LoggingMessageNotificationParams(level="info", data="x")
    one.reads.set()
    async with (
        relay.call(Exchange(cast("Host", one)), Patience(10)),
        relay.call(Exchange(cast("Host", two)), Patience(10)),
    ):
        await relay.callbacks()["logging_callback"](log)
    assert one.logged == []


async def test_a_request_of_ours_belongs_to_nobody() -> None:
    host, log = SlowHost(), LoggingMessageNotificationParams(level="info", data="x")
    host.reads.set()
    relay = Relay("s", FewHosts())
    async with relay.call(Exchange(cast("Host", host)), Patience(10)), relay.call(None, Patience(10)):
        await relay.callbacks()["logging_callback"](log)
    assert host.logged == ["x"]
