"""The values of an entry: written there, or to be given by whoever runs the server, as variables ``${NAME}``."""

from __future__ import annotations

import re
from collections.abc import Mapping

from mcp_toolweaver.registry.entry import Argument, Input
from mcp_toolweaver.registry.foreign import VARIABLE, checked

_PLACEHOLDER = re.compile(r"\{([A-Za-z_][A-Za-z0-9_.-]*)\}")


class Needs:
    """What the owner gives, by variables of the environment; collected while a command is made."""

    def __init__(self) -> None:
        """Start with nothing."""
        self._found: dict[str, Input] = {}
        self._nameless = 0

    @property
    def found(self) -> tuple[Input, ...]:
        """Each variable once, in the order in which they were met."""
        return tuple(self._found.values())

    def value(self, given: Input) -> str | None:
        """Return the value of an input; None if there is none, and none need be given.

        Raises:
            NotRunnable: something in it may not stand in a command.
        """
        text = given.value
        if isinstance(given, Argument) and self._may_be_left_out(given):
            return None
        if text is not None and (not given.isSecret or _PLACEHOLDER.search(text)):
            return self.filled(text, given.variables, given)
        if not given.isRequired and not given.isSecret:
            return None if given.default is None or isinstance(given, Argument) else checked(given.default)
        return self._asked(given.name or getattr(given, "valueHint", ""), given)

    def variable(self, given: Input) -> str | None:
        """Return the value of a variable of the environment; a secret that need not be given is nothing without it.

        Raises:
            NotRunnable: see `value`.
        """
        if given.isSecret and not given.isRequired and given.value is None:
            return f"${{{self._remembered(given.name, given)}:-}}"
        return self.value(given)

    @staticmethod
    def _may_be_left_out(given: Argument) -> bool:
        """Whether an argument need not be given, and has no value unless its owner gives one."""
        asked = [given.variables.get(name) for name in _PLACEHOLDER.findall(given.value or "")]
        is_optional = all(each and not each.isRequired and (each.value or each.default) is None for each in asked)
        return not given.isRequired and is_optional and (bool(asked) or (given.isSecret and given.value is None))

    def filled(self, text: str, variables: Mapping[str, Input], around: Input) -> str:
        """Return a text with each ``{placeholder}`` replaced, by what ``variables`` say of it, else as ``around``.

        Raises:
            NotRunnable: see `value`.
        """

        def fill(found: re.Match[str]) -> str:
            known = variables.get(found[1])
            if known is None:
                return self._asked(found[1], around.model_copy(update={"default": None}))
            if known.value is not None and not known.isSecret:
                return checked(known.value)
            secret = known.isSecret or around.isSecret
            return self._asked(found[1], known.model_copy(update={"isSecret": secret}))

        return _PLACEHOLDER.sub(fill, checked(text))

    def _asked(self, name: str, given: Input) -> str:
        """Return a variable for a value, or the default that cannot be one of a variable."""
        default = None if given.isSecret else given.default
        if default is not None and "}" in checked(default):
            return default
        variable = self._remembered(name, given)
        return f"${{{variable}}}" if default is None else f"${{{variable}:-{default}}}"

    def _remembered(self, name: str, given: Input) -> str:
        variable = re.sub(r"[^A-Za-z0-9]+", "_", name).strip("_").upper()
        if not variable:
            self._nameless += 1
            variable = f"VALUE_{self._nameless}" if self._nameless > 1 else "VALUE"
        variable = variable if VARIABLE.fullmatch(variable) else f"V_{variable}"
        before = self._found.get(variable)
        if before is None or (given.isSecret and not before.isSecret):
            self._found[variable] = given.model_copy(update={"name": variable})
        return variable
