"""What a downstream server asks and tells while it works, brought to the host whose call it belongs to.

Over stdio such a message carries no sign of the call that caused it (nor does the SDK pass one on over
HTTP), so it belongs to the host all of whose calls are under way on this connection. Where those are
calls of several hosts, nobody is asked; and once a server is known to ask, calls of two hosts are
never under way together. A question ends with the calls that it may be about.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from typing import Any

import anyio
from mcp.client.session import ClientRequestContext, ClientSession
from mcp.shared.exceptions import MCPError
from mcp_types import (
    INVALID_REQUEST,
    CreateMessageRequestParams,
    CreateMessageResult,
    CreateMessageResultWithTools,
    ElicitRequestParams,
    ElicitResult,
    EmptyResult,
    ErrorData,
    ListRootsResult,
    LoggingMessageNotificationParams,
    ResourceUpdatedNotification,
    RootsListChangedNotification,
    SamplingCapability,
    SamplingToolsCapability,
    SetLevelRequest,
    SetLevelRequestParams,
)
from pydantic import BaseModel, TypeAdapter, ValidationError

from mcp_toolweaver.core.errors import Busy
from mcp_toolweaver.core.exchange import ELICIT, ROOTS, SAMPLE, SAMPLE_TOOLS, Exchange, Host, Hosts, Refusal
from mcp_toolweaver.proxy.advisory import Advisory
from mcp_toolweaver.proxy.failures import part
from mcp_toolweaver.proxy.patience import Patience
from mcp_toolweaver.proxy.turns import Call, Turns

_log = logging.getLogger(__name__)

_asking: set[str] = set()
"""Servers that have asked something during a call, in this process."""
_SET_LEVEL = 10.0
"""Seconds for a server to take the level of log messages."""
_NOT_APART = "it asks its callers things, and is busy with the call of another one; it was not sent, try again later"
_SAMPLED: TypeAdapter[CreateMessageResultWithTools | CreateMessageResult] = TypeAdapter(
    CreateMessageResultWithTools | CreateMessageResult
)

_SAMPLING_WITH_TOOLS = SamplingCapability(tools=SamplingToolsCapability())


class Relay:
    """The calls under way over one connection, and the callbacks of the SDK that belong to them."""

    def __init__(self, server: str, hosts: Hosts | None) -> None:
        """Relay what ``server`` says; outside of calls to the only one of ``hosts``, if there is but one."""
        self._server = server
        self._hosts = hosts
        self._turns = Turns()
        self._offered = hosts.answers if hosts is not None else frozenset[str]()
        self._is_used = False
        self._questions: set[anyio.CancelScope] = set()
        self._logs, self._changes = Advisory(), Advisory()

    def callbacks(self) -> dict[str, Any]:
        """Return the callbacks for the SDK's client; what no host answers is not offered to the server at all."""
        offered: dict[str, Any] = {ELICIT: self._elicit, SAMPLE: self._sample, ROOTS: self._list_roots}
        names = {ELICIT: "elicitation_callback", SAMPLE: "sampling_callback", ROOTS: "list_roots_callback"}
        return {
            "logging_callback": self._told,
            "message_handler": self._noticed,
            "sampling_capabilities": _SAMPLING_WITH_TOOLS if SAMPLE_TOOLS in self._offered else None,
            **{names[method]: callback for method, callback in offered.items() if method in self._offered},
        }

    def is_outgrown_by(self, exchange: Exchange | None) -> bool:
        """Whether the server may ask a host more than it was told when it was connected to.

        Only before the first call: a server that has been used may keep something that ends with the connection.
        """
        return exchange is not None and not self._is_used and not exchange.host.answers <= self._offered

    @asynccontextmanager
    async def call(self, exchange: Exchange | None, patience: Patience) -> AsyncGenerator[Call]:
        """Count a call as under way; one that would be confused with another host's waits for that to end.

        A request of ours, which is nobody's, is not counted: a question meanwhile belongs to a call, or to none.

        Raises:
            Busy: it waited for longer than its patience.
        """
        call = Call(exchange, patience)
        if exchange is None:
            yield call
            return
        self._is_used = True
        async with AsyncExitStack() as stack:
            with anyio.move_on_after(patience.seconds) as waiting:
                await stack.enter_async_context(self._turns.taken(call, are_apart=lambda: self._server in _asking))
            if waiting.cancelled_caught:
                raise Busy(part(self._server), _NOT_APART)
            patience.renew()
            try:
                yield call
            finally:
                if self._turns.under_way == [call]:
                    self._withdraw()

    async def answer(self, host: Host, questions: Mapping[str, Any]) -> dict[str, Any]:
        """Ask the host the questions of a result that requires input, and return the answers by their keys.

        Raises:
            Refusal: the host refused one of them.
        """
        return {
            key: await host.ask(str(question["method"]), question.get("params")) for key, question in questions.items()
        }

    async def _elicit(self, _context: ClientRequestContext, params: ElicitRequestParams) -> ElicitResult | ErrorData:
        answer = await self._ask(ELICIT, params)
        return answer if isinstance(answer, ErrorData) else ElicitResult.model_validate(answer)

    async def _sample(
        self, _context: ClientRequestContext, params: CreateMessageRequestParams
    ) -> CreateMessageResult | CreateMessageResultWithTools | ErrorData:
        answer = await self._ask(SAMPLE, params)
        return answer if isinstance(answer, ErrorData) else _SAMPLED.validate_python(answer)

    async def _list_roots(self, _context: ClientRequestContext) -> ListRootsResult | ErrorData:
        answer = await self._ask(ROOTS, None)
        return answer if isinstance(answer, ErrorData) else ListRootsResult.model_validate(answer)

    async def _ask(self, method: str, params: BaseModel | None) -> Mapping[str, Any] | ErrorData:
        if self._turns.under_way:  # what a server asks when it starts is confused with no call
            _asking.add(self._server)
        try:
            host = self._asked()
            with anyio.CancelScope() as scope, ExitStack() as stack:
                for call in self._turns.under_way:
                    stack.enter_context(call.patience.suspended())
                    self._questions.add(scope)
                stack.callback(self._questions.discard, scope)
                return await host.ask(method, None if params is None else _plain(params))
        except Refusal as refusal:
            return ErrorData(code=refusal.code, message=refusal.message, data=refusal.data)
        return ErrorData(code=INVALID_REQUEST, message="the call that this question was about has ended")

    def _withdraw(self) -> None:
        """Ask nothing more that calls were about which have ended, whether or not the server knows that."""
        for scope in self._questions:
            scope.cancel()

    def _asked(self) -> Host:
        """Return the host that a question of the server is for.

        Raises:
            Refusal: it may be for several.
        """
        owners = {call.owner for call in self._turns.under_way}
        if len(owners) > 1:
            _log.warning("%s asked something while calls of several hosts were under way; refused", self._server)
            raise Refusal(INVALID_REQUEST, "calls of several clients are under way; ask again in the next call")
        host = self._spoken_to()
        if host is None:
            raise Refusal(INVALID_REQUEST, "there is nobody to ask")
        return host

    def _spoken_to(self) -> Host | None:
        """Return the host of all calls under way, by the call that came last, or the only host if there are none."""
        hosts = {call.owner: call.exchange.host for call in self._turns.under_way if call.exchange is not None}
        if hosts:
            return next(iter(hosts.values())) if len(hosts) == 1 else None
        return None if self._hosts is None else self._hosts.only(self._server)

    async def progress(self, call: Call, done: float, total: float | None, message: str | None) -> None:
        """Tell the host of a call how far it is."""
        if call.exchange is not None and not call.progress.is_full:
            await call.progress.send(call.exchange.host.progress(done, total, message))

    async def _told(self, params: LoggingMessageNotificationParams) -> None:
        host = self._spoken_to()
        if host is not None and not self._logs.is_full:
            logger = f"{self._server}/{params.logger}" if params.logger else self._server
            await self._logs.send(host.log({**_plain(params), "logger": logger}))

    async def _noticed(self, message: Any) -> None:
        if isinstance(message, ResourceUpdatedNotification) and self._hosts is not None and not self._changes.is_full:
            await self._changes.send(self._hosts.resource_updated(self._server, str(message.params.uri)))


async def keep_told(session: ClientSession, hosts: Hosts, *, roots: bool, level: bool) -> None:
    """Tell a server of the older era what changes about the hosts, until cancelled.

    Args:
        session: The connection to the server.
        hosts: Those that are attached.
        roots: Whether the server was told that hosts have folders.
        level: Whether the server can be told which log messages are wanted.
    """
    told, seen = None, hosts.roots_changes
    while True:
        if level and hosts.log_level not in {None, told}:
            told = hosts.log_level
            await _set_level(session, told)
        elif roots and hosts.roots_changes != seen:
            seen = hosts.roots_changes
            await session.send_notification(RootsListChangedNotification())
        else:  # compared since we last waited for anything else, so that no change is missed
            await hosts.wait_changed()


async def _set_level(session: ClientSession, level: Any) -> None:
    try:
        with anyio.move_on_after(_SET_LEVEL):
            await session.send_request(SetLevelRequest(params=SetLevelRequestParams(level=level)), EmptyResult)
    except (MCPError, ValidationError) as error:
        _log.info("a server does not take the level of log messages: %s", error)


def _plain(params: BaseModel) -> dict[str, Any]:
    """Return parameters as JSON, without what speaks of the connection to the server."""
    plain = params.model_dump(by_alias=True, mode="json", exclude_none=True)
    plain.pop("_meta", None)
    return plain
