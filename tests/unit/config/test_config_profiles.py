"""What an owner writes of profiles and effects, and that a slip never lets anybody see or do more than was meant."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mcp_toolweaver.cli.within import within_of
from mcp_toolweaver.config import Configuration, load
from mcp_toolweaver.core.access import EFFECTS
from mcp_toolweaver.core.errors import ConfigurationError
from tests.fakes.tools import make_tool

CLOCK, SECRET = make_tool("now", server="time"), make_tool("open", server="vault")


def loaded(folder: Path, **settings: Any) -> Configuration:
    file = folder / "mcp.json"
    file.write_text(json.dumps({"mcpServers": {}, "toolweaver": settings}), encoding="utf-8")
    return load(file, {})


@pytest.mark.parametrize("allow", [["time"], "time", {"servers": "TIME"}, {"servers": ["ti*", "x"]}, {"tools": "*now"}])
def test_what_is_allowed_is_written_short_or_long(tmp_path: Path, allow: Any) -> None:
    found = loaded(tmp_path, profiles={"p": {"allow": allow}})
    assert not found.problems
    [profile] = within_of(found.settings, "p")
    assert (profile.shows(CLOCK), profile.shows(SECRET)) == (True, False)
    assert profile.effects == EFFECTS


@pytest.mark.parametrize(
    ("wrong", "key", "told"),
    [
        ({"allow": {"servers": ["time"]}, "denny": {"tools": "x"}}, "denny", "is not a setting; did you mean deny?"),
        ({"allow": {"server": ["time"]}}, "allow.server", "is not a setting; did you mean servers?"),
        ({"allow": 5}, "allow", "should be"),
        ({"allow": []}, "allow", "names nothing"),
        ({"allow": {"servers": []}}, "allow", "names nothing"),
        ({"allow": {}}, "allow", "names nothing"),
        ({"allow": "time", "deny": {"tools": [7]}}, "deny.tools.0", "should be a valid string"),
        ({"effects": "reed"}, "effects.0", "should be 'read', 'write' or 'destructive'"),
        ("time", "", "should be"),
    ],
)
def test_of_a_profile_that_is_wrong_anywhere_nothing_counts(tmp_path: Path, wrong: Any, key: str, told: str) -> None:
    found = loaded(tmp_path, profiles={"p": wrong, "good": {"allow": "time"}})
    [problem] = found.problems
    assert problem.key == f"toolweaver.profiles.p.{key}".rstrip(".")
    assert told in problem.message + "; " + problem.fix
    assert "there is no profile 'p' until then" in problem.fix
    assert list(found.settings.named_profiles) == ["good"]
    with pytest.raises(ConfigurationError, match="there is no profile 'p'; there are good"):
        within_of(found.settings, "p")


@pytest.mark.parametrize(
    ("effects", "counts"),
    [
        ({"a*": "reed", "b*": "write"}, {"a*": "destructive", "b*": "write"}),
        ({"a*": 1, "b*": None}, {"a*": "destructive", "b*": "destructive"}),
        ({"": "read", "b*": "write"}, {"*": "destructive"}),
        (["a*"], {"*": "destructive"}),
    ],
)
def test_an_effect_that_cannot_be_read_is_the_worst(tmp_path: Path, effects: Any, counts: dict[str, str]) -> None:
    found = loaded(tmp_path, effects=effects)
    assert found.settings.effects == counts
    assert all("counts as destructive until then" in problem.fix for problem in found.problems)
    assert found.problems


def test_other_settings_that_are_wrong_are_ignored_alone(tmp_path: Path) -> None:
    found = loaded(tmp_path, profiles={"p": {"allow": "time"}}, expose={"direct_threshold": -1}, effects={"a": "Read"})
    assert [problem.key for problem in found.problems] == ["toolweaver.expose.direct_threshold"]
    assert list(found.settings.named_profiles) == ["p"]
    assert found.settings.effects == {"a": "read"}


@pytest.mark.parametrize("wrong_in", ["file", "environment"])
def test_of_a_profile_that_is_wrong_in_one_place_the_rules_of_the_other_do_not_count_either(
    tmp_path: Path, wrong_in: str
) -> None:
    wrong, right = {"deny": {"tools": [7]}}, {"allow": {"servers": ["time"]}}
    in_file, in_environment = (wrong, right) if wrong_in == "file" else (right, wrong)
    file = tmp_path / "mcp.json"
    profiles = {"p": in_file, "good": {"allow": "time"}}
    file.write_text(json.dumps({"mcpServers": {}, "toolweaver": {"profiles": profiles}}), encoding="utf-8")
    found = load(file, {"TOOLWEAVER_PROFILES": json.dumps({"p": in_environment})})
    assert found.problems
    assert list(found.settings.named_profiles) == ["good"]
