"""Events for hosts without a session, each for those callers whom it concerns."""

from __future__ import annotations

from collections.abc import Callable

from mcp.server.subscriptions import InMemorySubscriptionBus, ServerEvent

from mcp_toolweaver.core.access import CALLER, Caller


class CallersBus:
    """A `SubscriptionBus` of the SDK that knows whose request each listener is."""

    def __init__(self) -> None:
        """Begin without a listener."""
        self._buses: dict[Caller, InMemorySubscriptionBus] = {}
        self._listeners: dict[Caller, int] = {}

    def __len__(self) -> int:
        return sum(self._listeners.values())

    @property
    def callers(self) -> list[Caller]:
        """Those who listen."""
        return list(self._listeners)

    async def publish(self, event: ServerEvent, is_for: Callable[[Caller], bool] = lambda _caller: True) -> None:
        """Deliver an event to the listeners of those callers whom it ``is_for``."""
        for caller, bus in list(self._buses.items()):
            if is_for(caller):
                await bus.publish(event)

    def subscribe(self, listener: Callable[[ServerEvent], None]) -> Callable[[], None]:
        """Deliver to a listener of the caller whose request is under way; return what ends that."""
        caller = CALLER.get()
        unsubscribe = self._buses.setdefault(caller, InMemorySubscriptionBus()).subscribe(listener)
        self._listeners[caller] = self._listeners.get(caller, 0) + 1
        is_over = False

        def leave() -> None:
            nonlocal is_over
            if not is_over:
                is_over = True
                unsubscribe()
                self._left(caller)

        return leave

    def _left(self, caller: Caller) -> None:
        self._listeners[caller] -= 1
        if not self._listeners[caller]:
            del self._listeners[caller], self._buses[caller]
