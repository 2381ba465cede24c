"""How an entry of the registry is run, as an entry of ``mcpServers``. What it says is foreign, and is read with care.

A command is always one of a few programs with fixed options, then what it is to run, pinned to a version, then
arguments. Nothing of an entry can become an option of the program that runs it, unless the owner allows what is risky.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from mcp_toolweaver.registry.entry import Argument, Entry, Input, Package, Remote

WAYS = ("npm", "pypi", "oci", "remote")
"""The ways that we know, the best first where an entry has several of one kind."""

_VERSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z.+_-]*")
_RANGE = re.compile(r"[\^~*<>=|, ]|^(latest|next|x)$", re.IGNORECASE)
_NAMES: Mapping[str, re.Pattern[str]] = {
    "npm": re.compile(r"(@[a-z0-9][a-z0-9._-]*/)?[a-z0-9][a-z0-9._-]*", re.IGNORECASE),
    "pypi": re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?"),
    "oci": re.compile(r"[a-z0-9][a-z0-9._:/@-]*", re.IGNORECASE),
}
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_BRACES = re.compile(r"\{([^{}]*)\}")
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f]")
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}


class NotRunnable(ValueError):
    """An entry has no way that we know, or none that is safe; says why."""


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


def _package(package: Package) -> Launch:
    way = package.registryType.casefold()
    pattern = _NAMES.get(way)
    if pattern is None:
        raise NotRunnable(f"a package of the kind {package.registryType[:40]!r} is not known here")
    if str(package.transport.get("type", "stdio")) != "stdio":
        raise NotRunnable("the package serves over the network by itself; start it, and add its URL")
    identifier, inputs = package.identifier, list[Input]()
    if not pattern.fullmatch(identifier):
        raise NotRunnable(f"{identifier[:80]!r} is no name of a package of {way}")
    args = [*_fixed(way, package, inputs), _pinned(way, identifier, package.version)]
    args += _arguments(package.packageArguments, inputs)
    env = _environment(package.environmentVariables, inputs)
    values: dict[str, Any] = {"command": {"npm": "npx", "pypi": "uvx", "oci": "docker"}[way], "args": args}
    return Launch(way, {**values, **({"env": env} if env else {})}, tuple(inputs), tuple(_risks(package)))


def _fixed(way: str, package: Package, inputs: list[Input]) -> list[str]:
    """Return the options of the program that runs a package."""
    if way == "npm":
        return ["-y"]
    if way == "pypi":
        return []
    forwarded = [text for each in package.environmentVariables for text in ("-e", _named(each))]
    return ["run", "-i", "--rm", *forwarded, *_arguments(package.runtimeArguments, inputs)]


def _pinned(way: str, identifier: str, version: str) -> str:
    if way == "oci" and (":" in identifier.rpartition("/")[2] or "@" in identifier):
        return identifier
    if not version or _RANGE.search(version) or not _VERSION.fullmatch(version):
        raise NotRunnable(f"{identifier} is not pinned to one version ({version[:40] or 'none is given'})")
    return f"{identifier}{ {'npm': '@', 'pypi': '==', 'oci': ':'}[way] }{version}"


def _arguments(arguments: Sequence[Argument], inputs: list[Input]) -> list[str]:
    """Return arguments as they are, or as variables that the owner gives; what need not be given is left out."""
    found: list[str] = []
    for argument in arguments:
        value = _value(argument, inputs)
        if argument.type == "named":
            name = argument.name
            if not name.startswith("-") or _CONTROLS.search(name) or " " in name:
                raise NotRunnable(f"an argument is called {name[:40]!r}")
            if value is not None:
                found += [name, value]
            elif argument.isRequired or not (argument.valueHint or argument.choices or argument.default):
                found.append(name)
        elif value is not None:
            found.append(value)
    return found


def _value(given: Input, inputs: list[Input]) -> str | None:
    """Return the value of an input; one that is to be given becomes a variable of the environment."""
    text = given.value
    if text is not None and not given.isSecret:
        return _BRACES.sub(lambda found: _asked(found[1], given, inputs), _checked(text))
    if not given.isRequired and not given.isSecret:
        return None if given.default is None or isinstance(given, Argument) else _checked(given.default)
    name = given.name or getattr(given, "valueHint", "") or "VALUE"
    default = "" if given.isSecret or given.default is None else f":-{_checked(given.default)}"
    return f"${{{_remembered(name, given, inputs)}{default}}}"


def _asked(name: str, given: Input, inputs: list[Input]) -> str:
    return f"${{{_remembered(name, given, inputs)}}}"


def _remembered(name: str, given: Input, inputs: list[Input]) -> str:
    """Return the variable that a value is taken from, and remember that it is needed."""
    variable = re.sub(r"[^A-Za-z0-9]+", "_", name).strip("_").upper() or "VALUE"
    variable = variable if _VARIABLE.fullmatch(variable) else f"V_{variable}"
    inputs.append(given.model_copy(update={"name": variable}))
    return variable


def _checked(text: str) -> str:
    """Return a foreign text for the command line or the environment.

    Raises:
        NotRunnable: it holds control characters, or a variable, which could hand over what is the owner's alone.
    """
    if _CONTROLS.search(text) or "${" in text:
        raise NotRunnable(f"a value holds control characters, or a variable of its own: {text[:60]!r}")
    return text


def _named(given: Input) -> str:
    if not _VARIABLE.fullmatch(given.name):
        raise NotRunnable(f"a variable is called {given.name[:40]!r}")
    return given.name


def _environment(variables: Sequence[Input], inputs: list[Input]) -> dict[str, str]:
    named = {_named(each): _value(each, inputs) for each in variables}
    return {name: value for name, value in named.items() if value is not None}


def _remote(remote: Remote) -> Launch:
    way = {"streamable-http": "http", "sse": "sse"}.get(remote.type)
    parts = urlsplit(remote.url)
    if way is None:
        raise NotRunnable(f"a remote of the kind {remote.type[:40]!r} is not known here")
    if _BRACES.search(remote.url):
        raise NotRunnable(f"{remote.url[:120]} is to be completed by hand; add it with its values")
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
    if not is_safe or parts.username or _CONTROLS.search(remote.url) or " " in remote.url:
        raise NotRunnable(f"{remote.url[:120]!r} is no https address")
    inputs: list[Input] = []
    headers = {_header(each): _value(each, inputs) for each in remote.headers}
    given = {name: value for name, value in headers.items() if value is not None}
    values = {"type": way, "url": remote.url, **({"headers": given} if given else {})}
    return Launch("remote", values, tuple(inputs))


def _header(given: Input) -> str:
    if not _HEADER.fullmatch(given.name):
        raise NotRunnable(f"a header is called {given.name[:40]!r}")
    return given.name


def _risks(package: Package) -> Iterator[str]:
    """Yield what an entry wants that most servers need not."""
    way = package.registryType.casefold()
    if package.runtimeArguments and way != "oci":
        yield f"it wants options for the program that runs it, which are left out: {_told(package.runtimeArguments)}"
    if package.runtimeArguments and way == "oci":
        yield f"it wants more of Docker than a container of its own: {_told(package.runtimeArguments)}"


def _told(arguments: Sequence[Argument]) -> str:
    return " ".join(filter(None, (f"{each.name} {each.value or ''}".strip() for each in arguments)))[:200]
