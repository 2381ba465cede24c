"""Reading the fields of an entry by type."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mcp_toolweaver.config.json_types import as_list, as_object, is_number, type_name
from mcp_toolweaver.config.problems import Problems


class Fields:
    """The fields of one entry. One of a wrong type is reported and read as if it were not there.

    Hosts spell some fields differently, so each is read by all its names; the first that
    is there and not null counts.
    """

    def __init__(self, values: Mapping[str, Any], problems: Problems) -> None:
        """Read the fields of an entry; ``problems`` is the collector of that very entry."""
        self._values = values
        self._problems = problems

    def has(self, *names: str) -> bool:
        """Whether the entry has a field of one of these names, of whatever type."""
        return self._first(names)[1] is not None

    def value(self, name: str) -> Any:
        """Return what a field holds, of whatever type; None if there is none."""
        return self._values.get(name)

    def within(self, name: str, values: Mapping[str, Any]) -> Fields:
        """Return the fields of an object in this entry."""
        return Fields(values, self._problems.within(name))

    def is_off(self) -> bool:
        """Whether the owner switched the entry off: ``disabled: true`` or ``enabled: false``."""
        return self._flag("disabled") is True or self._flag("enabled") is False

    def text(self, *names: str) -> str | None:
        """Return a text; None if there is none."""
        name, value = self._first(names)
        if value is None or isinstance(value, str):
            return value
        self.refuse(name, f"must be a string, not {type_name(value)}", f'write "{name}": "..."')
        return None

    def required_text(self, name: str, *, fix: str) -> str:
        """Return a text that must be there and not be blank; an empty one where it was refused."""
        text = self.text(name)
        if not self.has(name):
            self.refuse(name, "is missing", fix)
        elif text is not None and not text.strip():
            self.refuse(name, "is empty", fix)
        return text or ""

    def texts(self, name: str) -> list[str]:
        """Return a list of texts; an empty one if there is none."""
        value = self._values.get(name)
        items = [] if value is None else as_list(value)
        if items is None:
            self.refuse(name, f"must be a list of strings, not {type_name(value)}", f'write "{name}": ["...", "..."]')
        return [item for index, item in enumerate(items or []) if self._is_text(f"{name}[{index}]", item)]

    def table(self, *names: str) -> dict[str, str]:
        """Return an object of texts; numbers in it become texts, and nulls are left out."""
        name, value = self._first(names)
        entries = {} if value is None else as_object(value)
        if entries is None:
            self.refuse(
                name, f"must be an object of strings, not {type_name(value)}", f'write "{name}": {{"NAME": "..."}}'
            )
        present = {key: item for key, item in (entries or {}).items() if item is not None}
        texts = {key: str(item) if is_number(item) else item for key, item in present.items()}
        return {key: item for key, item in texts.items() if self._is_text(f"{name}.{key}", item)}

    def seconds(self, *names: str) -> float | None:
        """Return a number of seconds above zero; None if there is none."""
        name, value = self._first(names)
        if value is None or (is_number(value) and value > 0):
            return value
        self.refuse(name, "must be a number of seconds above 0", f'write "{name}": 60')
        return None

    def lifetime(self, name: str) -> float | None:
        """Return a number of seconds, which may be zero; None if there is none."""
        return self._number(name, 0, "a number of seconds, or 0", 600)

    def count(self, name: str, *, least: int) -> int | None:
        """Return a whole number; None if there is none."""
        value = self._number(name, least, f"a whole number of at least {least}", max(least, 8))
        if value is None or value == int(value):
            return None if value is None else int(value)
        self.refuse(name, f"must be a whole number of at least {least}", f'write "{name}": {max(least, 8)}')
        return None

    def choice(self, name: str, *choices: str) -> str | None:
        """Return one of a few words, in any case; None if there is none."""
        value = self.text(name)
        if value is None or value.lower() in choices:
            return value and value.lower()
        self.refuse(name, f"must be {' or '.join(choices)}", f'write "{name}": "{choices[0]}"')
        return None

    def flag(self, name: str) -> bool | None:
        """Return true or false; None if there is neither."""
        return self._flag(name)

    def flag_or_text(self, name: str) -> bool | str | None:
        """Return true, false or a text that is not blank; None if there is none."""
        value = self._values.get(name)
        if not isinstance(value, str):
            return self._flag(name)
        if value.strip():
            return value.strip()
        self.refuse(name, "is empty", f'write "{name}": false for none')
        return None

    def refuse(self, name: str, message: str, fix: str) -> None:
        """Report that a field is wrong."""
        self._problems.add(name, message, fix)

    def _number(self, name: str, least: float, what: str, example: float) -> float | None:
        value = self._values.get(name)
        if value is None or (is_number(value) and value >= least):
            return value
        self.refuse(name, f"must be {what}", f'write "{name}": {example:g}')
        return None

    def _flag(self, name: str) -> bool | None:
        value = self._values.get(name)
        if value is None or isinstance(value, bool):
            return value
        self.refuse(name, f"must be true or false, not {type_name(value)}", f'write "{name}": true or "{name}": false')
        return None

    def _is_text(self, name: str, value: Any) -> bool:
        if not isinstance(value, str):
            self.refuse(name, f"must be a string, not {type_name(value)}", "put it in quotes")
        return isinstance(value, str)

    def _first(self, names: tuple[str, ...]) -> tuple[str, Any]:
        present = ((name, self._values[name]) for name in names if self._values.get(name) is not None)
        return next(present, (names[0], None))
