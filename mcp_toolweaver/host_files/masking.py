"""Hiding what looks like a secret in a text that is shown; the text itself stays as it is."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from mcp_toolweaver.core.json_values import is_array, is_object

MASK = "***"

_SECRET_NAME = re.compile(
    r"token|key|secret|passw|pwd|auth|credential|bearer|cookie|session|signature|dsn|conn(?:ection)?_?str|"
    r"(?:^|[_-])(?:pat|pass|sid)(?:$|[_-])",
    re.IGNORECASE,
)
_KNOWN_FORM = re.compile(
    r"\b(?:sk|pk|rk)[-_][A-Za-z0-9_-]{12,}|\bgh[pousr]_\w{20,}|\bgithub_pat_\w{20,}|\bglpat-[\w-]{16,}|"
    r"\bxox[abprs]-[\w-]{10,}|\bAKIA[0-9A-Z]{16}\b|\bAIza[\w-]{30,}|\bey[JK][\w-]{10,}\.[\w-]{10,}\.[\w-]*|"
    r"\btw_\w{40,}|\b(?:ntn|secret|lin_api|hf|npm|figd|dop_v1|shpat)_[\w-]{16,}"
)
_ACCOUNT = re.compile(r"(?<=://)[^/\s\"'@$]+:[^/\s\"'@$]+(?=@)")
_ASSIGNED = re.compile(
    r"""(?P<key>["']?[\w.-]*["']?\s*[:=]\s*)(?P<quote>["'])(?P<value>(?:(?!(?P=quote)).)+)(?P=quote)"""
)
_YAML = re.compile(r"(?m)^(?P<key>[+ -]?[ ]*(?:- )?[\w.-]+: +)(?P<quote>)(?P<value>[^\"'\s{\[#&|>][^\r\n]*)")
_BEARER = re.compile(r"(?i)\b(bearer|basic|token)\s+(?!\$|\{)[\w.~+/=-]{6,}")
_VARIABLE = re.compile(r"\$\{[^}]*\}|\{(?:env|file):[^}]*\}|\$\w+|\$\{\{[^}]*\}\}")
_NAME_OF_A_VARIABLE = re.compile(r"env_(?:var|vars|key|keys|http_headers)$")
_LONG = 24
_SHORT = 4


def masked(text: str, secrets: Iterable[str] = ()) -> str:
    """Return the text with what looks like a secret hidden, and what is known to be one.

    Args:
        text: A configuration, or the difference between two.
        secrets: Texts that must not be seen, see `secrets_in`.
    """
    for secret in sorted({form for value in secrets for form in _forms(value)}, key=len, reverse=True):
        text = text.replace(secret, MASK)
    text = _YAML.sub(_assigned, _ASSIGNED.sub(_assigned, text))
    text = _BEARER.sub(lambda match: f"{match[1]} {MASK}", text)
    return _ACCOUNT.sub(MASK, _KNOWN_FORM.sub(MASK, text))


def secrets_in(servers: Iterable[Any]) -> Iterator[str]:
    """Yield the values in entries of any host that may be secrets: of variables, headers and arguments."""
    for entry in servers:
        if is_object(entry):
            for table in ("env", "envs", "environment", "headers", "http_headers", "requestOptions", "settings"):
                yield from _of_table(entry.get(table))
            yield from _of_arguments(entry.get("args"))
            yield from _of_arguments(entry.get("command"))


def _of_table(table: Any) -> Iterator[str]:
    for name, value in (table if is_object(table) else {}).items():
        if is_object(value):
            yield from _of_table(value)
        elif isinstance(value, str) and _is_secret(name, value):
            yield value


def _of_arguments(args: Any) -> Iterator[str]:
    words = [word for word in args if isinstance(word, str)] if is_array(args) else []
    for before, word in zip(["", *words], words, strict=False):
        option, is_assigned, value = word.partition("=")
        if is_assigned and option.startswith("-") and _is_secret(option, value):
            yield value
        elif before.startswith("-") and "=" not in before and not word.startswith("-") and _SECRET_NAME.search(before):
            yield word


def _is_secret(name: str, value: str) -> bool:
    if _NAME_OF_A_VARIABLE.search(name):
        return False
    literal = _VARIABLE.sub("", value).strip()
    if len(literal) < _SHORT or literal.lower() in {"bearer", "basic", "token", "true", "false", "none", "null"}:
        return False
    is_long = len(literal) >= _LONG and not re.search(r"[\s/\\:]", literal)
    return bool(_SECRET_NAME.search(name)) or is_long


def _assigned(match: re.Match[str]) -> str:
    name = re.search(r"([\w.-]+)[\"']?\s*[:=]\s*$", match["key"])
    if name is None or not _is_secret(name[1], match["value"]) or "/" in match["value"][:2]:
        return match[0]
    shown = MASK if not _VARIABLE.search(match["value"]) else match["value"]
    return f"{match['key']}{match['quote']}{shown}{match['quote']}"


def _forms(secret: str) -> Iterator[str]:
    """Yield the secret as it stands in JSON, TOML and YAML."""
    yield secret
    for ascii_only in (True, False):
        yield json.dumps(secret, ensure_ascii=ascii_only)[1:-1]
