"""A cache in a dictionary."""

from collections.abc import Mapping, Sequence


class FakeCache:
    """A `QuickCache` whose content a test can read and damage; nothing in it expires."""

    def __init__(self) -> None:
        self.values: dict[str, bytes] = {}
        self.lifetimes: dict[str, float] = {}
        self.at_hand: dict[str, bytes] = {}

    def peek(self, key: str) -> bytes | None:
        return self.at_hand.get(key)

    async def get_many(self, keys: Sequence[str]) -> Sequence[bytes | None]:
        return [self.values.get(key) for key in keys]

    async def set_many(self, values: Mapping[str, bytes], *, ttl: float) -> None:
        self.values.update(values)
        self.lifetimes.update(dict.fromkeys(values, ttl))
