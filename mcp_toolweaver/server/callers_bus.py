"""Events for hosts without a session, each for those callers whom it concerns."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

from mcp.server.subscriptions import InMemorySubscriptionBus, ServerEvent

from mcp_toolweaver.core.access import CALLER, Caller


class CallersBus:
    """A `SubscriptionBus` of the SDK that knows whose request each listener is."""

    def __init__(self) -> None:
        """Begin without a listener."""
        self._listening: dict[int, tuple[Caller, InMemorySubscriptionBus]] = {}
        self._keys = count()

    def __len__(self) -> int:
        return len(self._listening)

    @property
    def callers(self) -> set[Caller]:
        """Those who listen."""
        return {caller for caller, _bus in self._listening.values()}

    async def publish(self, event: ServerEvent, is_for: Callable[[Caller], bool] = lambda _caller: True) -> None:
        """Deliver an event to the listeners of those callers whom it ``is_for``."""
        for caller, bus in list(self._listening.values()):
            if is_for(caller):
                await bus.publish(event)

    def subscribe(self, listener: Callable[[ServerEvent], None]) -> Callable[[], None]:
        """Deliver to a listener of the caller whose request is under way; return what ends that."""
        bus, key = InMemorySubscriptionBus(), next(self._keys)
        self._listening[key] = (CALLER.get(), bus)
        unsubscribe = bus.subscribe(listener)

        def leave() -> None:
            unsubscribe()
            self._listening.pop(key, None)

        return leave

    def renew(self, renewed: Callable[[Caller], Caller]) -> None:
        """Take each listener for who they are by now."""
        self._listening = {key: (renewed(caller), bus) for key, (caller, bus) in self._listening.items()}
