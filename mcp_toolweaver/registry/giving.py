"""What the owner gives when a server is added, in place of variables that would be looked up."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from mcp_toolweaver.core.errors import InvalidRequest
from mcp_toolweaver.core.json_values import is_array, is_object
from mcp_toolweaver.registry.entry import Input
from mcp_toolweaver.registry.foreign import VARIABLE
from mcp_toolweaver.registry.launching import Launch

_REMOTE = "remote"


def pairs(given: Sequence[str]) -> dict[str, str]:
    """Return ``NAME=VALUE`` texts by name.

    Raises:
        InvalidRequest: one of them is something else.
    """
    found: dict[str, str] = {}
    for each in given:
        name, separator, value = each.partition("=")
        if not separator or not VARIABLE.fullmatch(name):
            raise InvalidRequest(f"--env takes NAME=VALUE, not {name[:40]!r}")
        found[name] = value
    return found


def check(launch: Launch, given: Mapping[str, str]) -> None:
    """Make sure that values may be given.

    Raises:
        InvalidRequest: one is none of the choices, is a secret, or is wanted by nothing.
    """
    for name, value in given.items():
        need = _need(launch, name)
        if need is not None:
            _check(need, value)
        elif launch.way == _REMOTE:
            wants = ", ".join(each.name for each in launch.needs) or "nothing"
            raise InvalidRequest(f"a server that runs elsewhere takes no variable {name!r}; this one wants {wants}")


def with_values(launch: Launch, given: Mapping[str, str]) -> Launch:
    """Return a launch with what the owner gives, wherever it is wanted; the other needs stay."""
    for name, value in given.items():
        need = _need(launch, name)
        if need is None:
            launch = replace(launch, values=_added(launch, name, value))
        else:
            others = tuple(each for each in launch.needs if each is not need)
            launch = replace(launch, values=_filled(launch.values, need.name, value), needs=others)
    return launch


def _need(launch: Launch, name: str) -> Input | None:
    return next((each for each in launch.needs if each.name == name.upper()), None)


def _check(need: Input, value: str) -> None:
    if need.isSecret and "${" not in value:
        raise InvalidRequest(
            f"{need.name} is a secret, which is not written down: export it, or keep it with `toolweaver secret set "
            f"{need.name}` and say --env '{need.name}=${{keyring:toolweaver/{need.name}}}'"
        )
    if need.choices and value not in need.choices:
        raise InvalidRequest(f"{need.name} must be one of {', '.join(need.choices)}")


def _filled(values: Any, name: str, value: str) -> Any:
    """Return the values with one in place of its variable."""
    if isinstance(values, str):
        return re.sub(rf"\$\{{{name}(:-[^}}]*)?\}}", lambda _found: value, values)
    if is_array(values):
        return [_filled(each, name, value) for each in values]
    return {key: _filled(each, name, value) for key, each in values.items()} if is_object(values) else values


def _added(launch: Launch, name: str, value: str) -> dict[str, Any]:
    """Return the values with one more variable, which a container is told of."""
    values = dict(launch.values)
    env: dict[str, str] = values.get("env", {})
    if launch.way == "oci" and name not in env:
        values["args"] = [*values["args"][:3], "-e", name, *values["args"][3:]]
    return {**values, "env": {**env, name: value}}
