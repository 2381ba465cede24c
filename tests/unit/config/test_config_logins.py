"""What an entry says of logging in is checked where it stands."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mcp_toolweaver.config import load

MACHINE = {"grant": "client_credentials", "client_id": "me", "client_secret": "hunter2-hunter2"}


def options(folder: Path, auth: Any) -> tuple[Any, list[str]]:
    file = folder / "mcp.json"
    entry = {"url": "https://host.example/mcp", "auth": auth}
    file.write_text(json.dumps({"mcpServers": {"s": entry}}), encoding="utf-8")
    loaded = load(file, {"SECRET": "hunter2-hunter2"})
    return loaded.sources[0].options.get("auth"), [f"{each.key}: {each.remedy}" for each in loaded.problems]


@pytest.mark.parametrize(
    ("auth", "meant"),
    [
        (None, None),
        ("oauth", {}),
        ("OAuth", {}),
        ({}, {}),
        ({"type": "oauth", "scopes": ["a", "b"]}, {"scopes": ["a", "b"]}),
        ({"scopes": "a b"}, {"scopes": ["a", "b"]}),
        ({**MACHINE, "client_secret": "${SECRET}", "issuer": "https://i"}, {**MACHINE, "issuer": "https://i"}),
        ({"redirect_port": 33418}, {"redirect_port": 33418}),
    ],
)
def test_a_login_is_as_it_was_written(tmp_path: Path, auth: Any, meant: Any) -> None:
    assert options(tmp_path, auth) == (meant, [])


@pytest.mark.parametrize(
    ("auth", "key", "said"),
    [
        ("basic", "auth", "must be oauth, or an object"),
        (5, "auth", "must be oauth, or an object"),
        ({"type": "basic"}, "auth.type", "must be oauth"),
        ({"scops": []}, "auth.scops", "use one of client_id"),
        ({"scopes": [1]}, "auth.scopes[0]", "must be a string"),
        ({"grant": "password"}, "auth.grant", "must be authorization_code or client_credentials"),
        ({"grant": "client_credentials"}, "auth.client_id", "is missing"),
        ({"client_secret": "hunter2-hunter2"}, "auth.client_secret", "has no client_id"),
        ({"client_id": "c", "client_secret": "hunter2-hunter2"}, "auth.client_secret", "sent nowhere else"),
        ({"redirect_port": 70_000}, "auth.redirect_port", "above 65535"),
        ({"client_metadata_url": "http://x/y"}, "auth.client_metadata_url", "is not https"),
    ],
)
def test_what_is_wrong_names_the_key_and_the_fix(tmp_path: Path, auth: Any, key: str, said: str) -> None:
    _options, problems = options(tmp_path, auth)
    assert any(problem.startswith(f"mcpServers.s.{key}: ") and said in problem for problem in problems), problems
    assert "hunter2" not in " ".join(problems)
