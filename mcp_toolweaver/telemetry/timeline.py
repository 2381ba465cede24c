"""When each step from nothing to a full answer was done, and what still waits or has failed."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import anyio

from mcp_toolweaver.telemetry.age import process_start

_log = logging.getLogger(__name__)


class Step(StrEnum):
    """The steps of a start, in the order in which they are usually done."""

    GREETED = "handshake answered"
    WORDS = "searchable by words"
    MODEL = "query model ready"
    VECTORS = "tools embedded"
    INDEX = "index in step"
    PRIMED = "primed"


class State(StrEnum):
    """How a step stands."""

    WAITS = "waits"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Moment:
    """How a step stands at one moment."""

    step: Step
    state: State = State.WAITS
    seconds: float | None = None
    """From the start of the process until it was done for the first time; None if it never was."""
    reason: str = ""
    """What it waits for, why it failed, or how it was done if not as usual."""


Listener = Callable[[float, Moment], None]
"""Is told the seconds since the start of the process, and how a step stands now."""


class Timeline:
    """The steps of one process. A step may happen again; the first time counts for the start."""

    def __init__(
        self,
        steps: Sequence[Step] = tuple(Step),
        *,
        start: float | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Wait for all of ``steps``.

        Args:
            steps: Those that this process has to make.
            start: When the process started, by ``clock``; found out where it is not given.
            clock: Returns seconds.
        """
        self._clock = clock
        self._start = process_start() if start is None else start
        self._moments = {step: Moment(step) for step in steps}
        self._listeners: list[Listener] = []
        self._version = 0
        self._changed = anyio.Event()
        self._is_told = False

    @property
    def seconds(self) -> float:
        """The age of the process."""
        return self._clock() - self._start

    @property
    def moments(self) -> tuple[Moment, ...]:
        """How each step stands."""
        return tuple(self._moments.values())

    def reason(self, step: Step) -> str:
        """What a step waits for, or why it failed; empty if it is none of these."""
        return self._moments[step].reason if step in self._moments else ""

    @property
    def is_settled(self) -> bool:
        """Whether no step waits: what can be had now is there."""
        return all(moment.state is not State.WAITS for moment in self._moments.values())

    def has_settled(self, *steps: Step) -> bool:
        """Whether none of these steps waits, as far as they have to be made."""
        return all(self._moments[step].state is not State.WAITS for step in steps if step in self._moments)

    def listen(self, listener: Listener) -> None:
        """Tell ``listener`` whatever is done or fails from now on."""
        self._listeners.append(listener)

    @property
    def version(self) -> int:
        """How often anything was noted, also that a step was done again."""
        return self._version

    async def wait_changed(self, version: int) -> None:
        """Return when the version is another one."""
        while self._version == version:
            await self._changed.wait()

    def done(self, step: Step, how: str = "") -> None:
        """Note that a step is done, perhaps again; say how, if not as usual."""
        self._note(step, State.DONE, how)

    def waits(self, step: Step, reason: str) -> None:
        """Note what a step waits for."""
        self._note(step, State.WAITS, reason)

    def failed(self, step: Step, reason: str) -> None:
        """Note why a step failed."""
        self._note(step, State.FAILED, reason)

    def _note(self, step: Step, state: State, reason: str) -> None:
        before, seconds = self._moments.get(step), round(self.seconds, 3)
        if before is None:
            return
        first = seconds if state is State.DONE and before.seconds is None else before.seconds
        now = replace(before, state=state, reason=reason, seconds=first)
        self._moments[step] = now
        if now != before and state is not State.WAITS:
            self._tell(seconds, now)
        self._version += 1
        self._changed.set()
        self._changed = anyio.Event()

    def _tell(self, seconds: float, moment: Moment) -> None:
        for listener in self._listeners:
            listener(seconds, moment)
        if self.is_settled and not self._is_told:
            self._is_told = True
            _log.info("start-up took %.2f s: %s", seconds, "; ".join(map(_summed_up, self.moments)))


def line(seconds: float, moment: Moment) -> str:
    """Return what happened as a line for people."""
    return f"{seconds:7.2f} s  {told(moment)}"


def told(moment: Moment) -> str:
    """Return how a step stands, such as ``query model ready: no, the file is damaged``."""
    no = "" if moment.state is State.DONE else "no, "
    return f"{moment.step}: {no}{moment.reason}" if moment.reason else moment.step


def _summed_up(moment: Moment) -> str:
    return f"{moment.step} {moment.seconds:.2f} s" if moment.state is State.DONE else told(moment)
