"""The host whose request is being answered, in either era of the protocol."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mcp.server.context import ServerRequestContext
from mcp.shared.exceptions import MCPError
from mcp.shared.message import ServerMessageMetadata
from mcp_types import (
    INTERNAL_ERROR,
    INVALID_REQUEST,
    LOG_LEVEL_META_KEY,
    LoggingMessageNotification,
    LoggingMessageNotificationParams,
    ProgressNotification,
    ProgressNotificationParams,
    Request,
)
from pydantic import RootModel, ValidationError

from mcp_toolweaver.core.exchange import Refusal, ability_for
from mcp_toolweaver.core.json_values import is_object
from mcp_toolweaver.server.log_levels import is_wanted
from mcp_toolweaver.server.round_trips import Trip
from mcp_toolweaver.server.session import HostSession


class _Question(Request[dict[str, Any] | None, str]):
    """Any request, with parameters as they are."""


class _Answer(RootModel[dict[str, Any]]):
    """Any result, as it is."""


class LegacyHost:
    """A host of the eras with a handshake, which is asked over the connection that its request came by."""

    takes_round_trips = False

    def __init__(self, session: HostSession, context: ServerRequestContext[Any]) -> None:
        """Answer the request of ``context``, or stand for the whole session if it is but a notification."""
        self._session = session
        self._context = context

    @property
    def key(self) -> str:
        """See `Host.key`."""
        return self._session.key

    @property
    def answers(self) -> frozenset[str]:
        """See `Host.answers`."""
        return self._session.answers

    async def ask(self, method: str, params: Mapping[str, Any] | None) -> Mapping[str, Any]:
        """See `Host.ask`."""
        if (needed := ability_for(method, params)) not in self.answers:
            raise Refusal(INVALID_REQUEST, f"the client does not support {needed}")
        question = _Question(method=method, params=None if params is None else dict(params))
        related = self._context.request_id
        try:
            answer = await self._context.session.send_request(
                question,  # type: ignore[arg-type]
                _Answer,
                metadata=None if related is None else ServerMessageMetadata(related_request_id=related),
            )
        except MCPError as error:
            raise Refusal(error.code, error.message, error.data) from error
        except ValidationError as error:
            raise Refusal(INTERNAL_ERROR, "the client's answer is not valid MCP") from error
        return answer.root

    async def log(self, message: Mapping[str, Any]) -> None:
        """See `Host.log`."""
        if is_wanted(str(message.get("level")), self._session.log_level):
            await _log(self._context, message)

    async def progress(self, done: float, total: float | None, message: str | None) -> None:
        """See `Host.progress`."""
        await _tell_progress(self._context, done, total, message)


class ModernHost:
    """A host of 2026-07-28, which is asked by a result that requires input and answers with its next request."""

    takes_round_trips = True

    def __init__(self, trip: Trip, key: str, answers: frozenset[str]) -> None:
        """Answer the requests of ``trip``; the host may be asked ``answers``."""
        self.key = key
        self.answers = answers
        self._trip = trip

    async def ask(self, method: str, params: Mapping[str, Any] | None) -> Mapping[str, Any]:
        """See `Host.ask`."""
        if (needed := ability_for(method, params)) not in self.answers:
            raise Refusal(INVALID_REQUEST, f"the client does not support {needed}")
        return await self._trip.ask(method, params)

    async def progress(self, done: float, total: float | None, message: str | None) -> None:
        """See `Host.progress`."""
        await _tell_progress(self._trip.context, done, total, message)

    async def log(self, message: Mapping[str, Any]) -> None:
        """See `Host.log`; only a request that says so wants any."""
        level = _meta(self._trip.context).get(LOG_LEVEL_META_KEY)
        if level is not None and is_wanted(str(message.get("level")), str(level)):
            await _log(self._trip.context, message)


async def _tell_progress(
    context: ServerRequestContext[Any], done: float, total: float | None, message: str | None
) -> None:
    token = _meta(context).get("progressToken")
    if isinstance(token, str | int) and not isinstance(token, bool):
        params = ProgressNotificationParams(progress_token=token, progress=done, total=total, message=message)
        await context.session.send_notification(
            ProgressNotification(params=params), related_request_id=context.request_id
        )


async def _log(context: ServerRequestContext[Any], message: Mapping[str, Any]) -> None:
    params = LoggingMessageNotificationParams.model_validate(dict(message))
    await context.session.send_notification(
        LoggingMessageNotification(params=params), related_request_id=context.request_id
    )


def _meta(context: ServerRequestContext[Any]) -> Mapping[str, Any]:
    meta = (context.params or {}).get("_meta")
    return meta if is_object(meta) else {}
