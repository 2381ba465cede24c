"""What an entry gives a container beside its image: variables, and other options for Docker."""

from __future__ import annotations

import re
from collections.abc import Sequence

from mcp_toolweaver.registry.entry import Argument, Input

_OPTIONS = {"-e", "--env"}
_SET = re.compile(r"(?P<name>[A-Za-z_][A-Za-z0-9_]*)=(?P<value>.*)", re.DOTALL)
_WHOLE = re.compile(r"\{([A-Za-z_][A-Za-z0-9_.-]*)\}")


def variables_and_options(arguments: Sequence[Argument]) -> tuple[list[Input], list[Argument]]:
    """Return the variables that options such as ``-e NAME=VALUE`` set, and the options that are left.

    As variables they are in nobody's command line, where other programs could read a secret.
    """
    variables, options = list[Input](), list[Argument]()
    for argument in arguments:
        found = _SET.fullmatch(argument.value or "") if argument.name in _OPTIONS else None
        if found is None:
            options.append(argument)
        else:
            variables.append(_variable(argument, found["name"], found["value"]))
    return variables, options


def _variable(argument: Argument, name: str, value: str) -> Input:
    whole = _WHOLE.fullmatch(value)
    known = argument.variables.get(whole[1]) if whole else None
    if known is None:
        about = argument.model_dump(include={"description", "isRequired", "isSecret", "choices"})
        return Input(**about, name=name, value=value, variables=argument.variables)
    described = known.description or argument.description
    return known.model_copy(update={"name": name, "description": described})
