"""Calls that stand still until a host of 2026-07-28 has answered a question.

Such a host cannot be asked while its request is under way. Where a server of an older era asks something
during a call, the request is answered with a result that requires input, the call goes on standing, and
the host's next request, which carries the answer and the state that it was given, takes the call up again.
"""

from __future__ import annotations

import math
import secrets
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import anyio
from anyio.abc import TaskGroup
from mcp.server.context import ServerRequestContext
from mcp_types import INVALID_PARAMS, INVALID_REQUEST

from mcp_toolweaver.core.access import CALLER
from mcp_toolweaver.core.errors import InvalidArguments
from mcp_toolweaver.core.exchange import Refusal
from mcp_toolweaver.core.json_values import is_object
from mcp_toolweaver.core.tools import ToolResult

_STANDS = 600.0
"""Seconds that a call waits for an answer: as long as people take."""
_MOST = 256
"""Calls that stand at once; the one that has stood longest is given up for another."""
_OVER = (
    "This call no longer waits for an answer: it was given up or has ended meanwhile, or the state is not one that "
    "was given out. Whether it took effect is unknown."
)


class Trip:
    """One call, over all the requests that it takes."""

    def __init__(self, context: ServerRequestContext[Any]) -> None:
        """Begin with the request of ``context``."""
        self.context = context
        """Of the request that is being answered, or was answered last."""
        self.caller = CALLER.get()
        self.scope = anyio.CancelScope()
        self.result: ToolResult | None = None
        self.error: Exception | None = None
        self.is_over = False
        self.questions: dict[str, tuple[str, Mapping[str, Any] | None]] = {}
        self._answers: dict[str, Any] = {}
        self._asked = 0
        self._moved = anyio.Event()

    async def ask(self, method: str, params: Mapping[str, Any] | None) -> Mapping[str, Any]:
        """Let the request under way end with a question, and return the answer that another one brings.

        Raises:
            Refusal: what it brings is no answer, or the call has ended meanwhile.
        """
        self._asked += 1
        key = f"q{self._asked}"
        self.questions[key] = (method, params)
        self.wake()
        try:
            while key not in self._answers:
                if self.is_over:
                    raise Refusal(INVALID_REQUEST, "the call that this question was about has ended")
                await self._moved.wait()
        finally:
            self.questions.pop(key, None)
        answer = self._answers.pop(key)
        if not is_object(answer):
            raise Refusal(INVALID_PARAMS, "the client's answer is not valid MCP")
        return answer

    def answer(self, answers: Mapping[str, Any]) -> None:
        """Take answers by the keys of the questions; any other key is of no question."""
        for key in self.questions.keys() & answers.keys():
            del self.questions[key]
            self._answers[key] = answers[key]
        self.wake()

    def wake(self) -> None:
        """Wake everyone who waits for this call to move."""
        moved, self._moved = self._moved, anyio.Event()
        moved.set()

    async def wait_moved(self) -> None:
        """Return when the call is over or asks something."""
        while not self.is_over and not self.questions:
            await self._moved.wait()


Making = Callable[[Trip], Awaitable[ToolResult]]
"""Makes the call."""


class RoundTrips:
    """Makes calls that may have to stand still; `run` must be running."""

    def __init__(self) -> None:
        """Begin with none."""
        self._prefix = f"toolweaver:{secrets.token_urlsafe(6)}:"
        self._standing: dict[str, Trip] = {}
        self._tasks: TaskGroup | None = None
        self._ready = anyio.Event()

    @property
    def standing(self) -> int:
        """How many calls wait for a host."""
        return len(self._standing)

    async def run(self) -> None:
        """Hold the calls that stand, until cancelled; they end with it."""
        async with anyio.create_task_group() as tasks:
            self._tasks = tasks
            self._ready.set()
            await anyio.sleep_forever()

    def is_ours(self, state: Any) -> bool:
        """Whether a state that a host gives back is from here: a server may be another one of us."""
        return isinstance(state, str) and state.startswith(self._prefix)

    async def begin(self, context: ServerRequestContext[Any], make: Making) -> ToolResult:
        """Make a call for the request of ``context``; return its result, or one that requires input."""
        await self._ready.wait()
        trip = Trip(context)
        assert self._tasks is not None
        self._tasks.start_soon(self._make, trip, make)
        return await self._outcome(trip)

    async def go_on(
        self, context: ServerRequestContext[Any], state: str, answers: Mapping[str, Any] | None
    ) -> ToolResult:
        """Take up a call that stands, with the answers to its questions that another request brings.

        Raises:
            InvalidArguments: there is no such call of this caller.
        """
        trip = self._standing.get(state)
        if trip is None or trip.caller != CALLER.get():
            raise InvalidArguments(_OVER)
        del self._standing[state]
        trip.context = context
        trip.answer(answers or {})
        return await self._outcome(trip)

    async def _make(self, trip: Trip, make: Making) -> None:
        with trip.scope:
            try:
                trip.result = await make(trip)
            except Exception as error:  # noqa: BLE001  it is raised where the request is answered
                trip.error = error
        trip.is_over = True
        self._standing = {state: other for state, other in self._standing.items() if other is not trip}
        trip.wake()

    async def _outcome(self, trip: Trip) -> ToolResult:
        trip.scope.deadline = math.inf
        try:
            await trip.wait_moved()
        except anyio.get_cancelled_exc_class():
            trip.scope.cancel()
            raise
        if not trip.is_over:
            return self._question(trip)
        if trip.error is not None:
            raise trip.error
        return trip.result or ToolResult.from_text("The call was given up.", is_error=True)

    def _question(self, trip: Trip) -> ToolResult:
        state = self._prefix + secrets.token_urlsafe(18)
        self._standing[state] = trip
        while len(self._standing) > _MOST:
            self._standing.pop(next(iter(self._standing))).scope.cancel()
        trip.scope.deadline = anyio.current_time() + _STANDS
        asked = {
            key: {"method": method, **({} if params is None else {"params": dict(params)})}
            for key, (method, params) in trip.questions.items()
        }
        return ToolResult({"resultType": "input_required", "inputRequests": asked, "requestState": state})
