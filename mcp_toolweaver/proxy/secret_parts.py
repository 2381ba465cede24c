"""Which parts of a command line and of a web address are secret, by their names and by how they look."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from urllib.parse import parse_qsl, unquote, urlsplit

from mcp_toolweaver.core.secrecy import names_a_secret

_NAMED = re.compile(r"(?P<name>-{0,2}[A-Za-z][\w.-]*)(?:=|:\s*)(?P<value>.+)", re.DOTALL)
_ADDRESS_NAME = re.compile(r"[\w-]*=(?=[a-z][a-z0-9+.-]*://)", re.IGNORECASE)
_FLAG = re.compile(r"--?[A-Za-z][\w-]*")
_ISSUED = re.compile(
    r"gh[pousr]_\w{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}|sk-[\w-]{16,}|xox[abeprs]-[\w-]{10,}|AKIA[0-9A-Z]{16}"
    r"|AIza[\w-]{30,}|eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*"
)
"""What some issuers' tokens look like, and JSON Web Tokens."""


def secrets_in_arguments(arguments: Sequence[str]) -> Iterator[str]:
    """Yield what is secret in the arguments of a command."""
    for argument, after in pairwise([*arguments, ""]):
        yield from _ISSUED.findall(argument)
        if "://" in argument:
            yield from secrets_in_address(_ADDRESS_NAME.sub("", argument))
        elif (named := _NAMED.fullmatch(argument)) and names_a_secret(named["name"]):
            yield named["value"]
        elif _FLAG.fullmatch(argument) and names_a_secret(argument) and not after.startswith("-"):
            yield after


def secrets_in_address(url: str) -> Iterator[str]:
    """Yield what is secret in a web address: the password in it, or who has none, and values that are named so."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return
    if "@" in parts.netloc:
        user, _, password = parts.netloc.rpartition("@")[0].partition(":")
        yield from {password or user, unquote(password or user)}
    for query in (parts.query, parts.fragment):
        for field in query.split("&"):
            name, _, value = field.partition("=")
            if names_a_secret(name):
                yield from {value, *(decoded for _name, decoded in parse_qsl(field))}
    yield from _ISSUED.findall(url)
