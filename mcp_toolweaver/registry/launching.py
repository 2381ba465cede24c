"""How an entry of the registry is run, as an entry of ``mcpServers``. What it says is foreign, and is read with care.

A command is always one of a few programs with fixed options, then what it is to run, pinned to a version, then
arguments. Nothing of an entry can become an option of the program that runs it, unless the owner allows what is risky.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mcp_toolweaver.registry.asking_owner import Needs
from mcp_toolweaver.registry.entry import Argument, Entry, Input, Package, Remote
from mcp_toolweaver.registry.foreign import NotRunnable, checked, variable_name
from mcp_toolweaver.registry.pinning import pinned
from mcp_toolweaver.registry.remotes import remote_values
from mcp_toolweaver.registry.risks import risks, unusual

WAYS = ("npm", "pypi", "oci", "remote")
"""The ways that we know, the best first where an entry has several of one kind."""

_PROGRAMS = {"npm": "npx", "pypi": "uvx", "oci": "docker"}


@dataclass(frozen=True, slots=True)
class Launch:
    """One way to run a server."""

    way: str
    values: Mapping[str, Any]
    """An entry of ``mcpServers``; what is to be given is a variable, ``${NAME}``."""
    needs: tuple[Input, ...] = ()
    """What the owner gives, by variables of the environment."""
    risks: tuple[str, ...] = field(default=())
    """What an owner may not want; one sentence each."""


def launches(entry: Entry) -> Iterator[Launch | NotRunnable]:
    """Yield each way to run an entry, or why it is none."""
    for package in entry.packages:
        try:
            yield _package(package)
        except NotRunnable as why:
            yield why
    for remote in entry.remotes:
        try:
            yield _remote(remote)
        except NotRunnable as why:
            yield why


def chosen(entry: Entry, way: str | None) -> Launch:
    """Return the way that is wanted, or the first one that is known.

    Raises:
        NotRunnable: there is none.
    """
    found = list(launches(entry))
    usable = [each for each in found if isinstance(each, Launch) and way in {None, each.way}]
    if usable:
        return min(usable, key=lambda each: WAYS.index(each.way))
    reasons = "; ".join(str(each) for each in found if isinstance(each, NotRunnable))
    wanted = f" as {way}" if way else ""
    raise NotRunnable(f"{entry.name} cannot be run{wanted}: {reasons or 'it says no way that we know'}")


def _remote(remote: Remote) -> Launch:
    needs = Needs()
    values = remote_values(remote, needs)
    return Launch("remote", values, needs.found)


def _package(package: Package) -> Launch:
    way, needs = package.registryType.casefold(), Needs()
    if way not in _PROGRAMS:
        raise NotRunnable(f"a package of the kind {package.registryType[:40]!r} is not known here")
    if str(package.transport.get("type", "stdio")) != "stdio":
        raise NotRunnable("the package serves over the network by itself; start it, and add its URL")
    run = pinned(way, package)
    named = {variable_name(each.name): needs.value(each) for each in package.environmentVariables}
    env = {name: value for name, value in named.items() if value is not None}
    args = [*_fixed(way, package, env, needs), run, *_arguments(package.packageArguments, needs)]
    values = {"command": _PROGRAMS[way], "args": args, **({"env": env} if env else {})}
    return Launch(way, values, needs.found, tuple(risks(way, package, env, args, needs.found)))


def _fixed(way: str, package: Package, env: Mapping[str, str], needs: Needs) -> list[str]:
    """Return the options of the program that runs a package."""
    if way == "npm":
        return ["-y"]
    if way == "pypi":
        return []
    forwarded = [text for name in env for text in ("-e", name)]
    options = unusual(way, package.runtimeArguments)
    for each in options:
        if each.type == "positional" and not (each.value or "").startswith("-"):
            raise NotRunnable(f"Docker would take {(each.value or each.valueHint)[:40]!r} for the image")
    return ["run", "-i", "--rm", *forwarded, *_arguments(options, needs)]


def _arguments(arguments: Sequence[Argument], needs: Needs) -> list[str]:
    """Return arguments as they are, or as variables that the owner gives; what need not be given is left out."""
    found: list[str] = []
    for argument in arguments:
        value = needs.value(argument)
        if argument.type == "named":
            name = checked(argument.name)
            if not name.startswith("-") or " " in name:
                raise NotRunnable(f"an argument is called {name[:40]!r}")
            if value is not None:
                found += [name, value]
            elif argument.isRequired or not (argument.valueHint or argument.choices or argument.default):
                found.append(name)
        elif value is not None:
            found.append(value)
    return found
