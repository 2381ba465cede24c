"""How an entry of the registry is run: pinned, with the owner's values looked up, and nothing foreign as an option."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_toolweaver.registry.entry import Entry, NotAnEntry, entry_of
from mcp_toolweaver.registry.launching import Launch, NotRunnable, chosen, launches
from mcp_toolweaver.registry.ranking import newest, ranked
from mcp_toolweaver.registry.reading import read_entries

ENTRIES = Path(__file__).with_name("entries")


def entry(name: str) -> Entry:
    return next(each for each in newest(read_entries(str(ENTRIES), "")[0]) if each.name == name)


def package(**values: Any) -> Entry:
    given = {"registryType": "npm", "identifier": "x", "version": "1.0.0", **values}
    return entry_of({"name": "a/x", "description": "", "version": "1", "packages": [given]})


def test_a_package_is_pinned_and_what_the_owner_gives_is_looked_up() -> None:
    launch = chosen(entry("io.github.example/weather"), "pypi")
    assert launch.values == {
        "command": "uvx",
        "args": ["weather-mcp==1.2.0", "--units", "${UNITS:-celsius}", "${HOME_PLACE}"],
        "env": {"WEATHER_KEY": "${WEATHER_KEY}", "WEATHER_LANGUAGE": "en"},
    }
    assert [need.name for need in launch.needs if need.isSecret] == ["WEATHER_KEY"]


def test_a_remote_is_its_url_and_headers() -> None:
    launch = chosen(entry("io.github.example/weather"), "remote")
    assert launch.values == {
        "type": "http",
        "url": "https://weather.example.com/mcp",
        "headers": {"Authorization": "Bearer ${WEATHER_TOKEN}"},
    }


def test_of_several_versions_the_newest_counts_and_what_was_deleted_is_not_there() -> None:
    assert entry("com.example/files").version == "0.10.0"
    assert "com.example/gone" not in {each.name for each in newest(read_entries(str(ENTRIES), "")[0])}


def test_an_entry_in_the_older_spelling_is_read_too() -> None:
    [old] = [each for each in read_entries(str(ENTRIES / "files.json"), "")[0] if each.version == "0.9.0"]
    assert chosen(old, None).values == {"command": "npx", "args": ["-y", "@example/files-mcp@0.9.0", "${FOLDER}"]}
    assert old.status == "deprecated"


def test_a_container_that_wants_more_than_itself_is_risky() -> None:
    launch = chosen(entry("com.example/files"), "oci")
    assert launch.values["args"] == [
        *("run", "-i", "--rm", "-e", "FILES_MODE", "-v", "${FOLDER}:/data", "example/files:0.10.0")
    ]
    [risk] = launch.risks
    assert "-v {folder}:/data" in risk


def test_servers_are_ranked_by_where_the_words_stand() -> None:
    found = newest(read_entries(str(ENTRIES), "")[0])
    assert [each.name for each in ranked(found, "weather forecast", 5)] == ["io.github.example/weather"]
    assert ranked(found, "spaceship", 5) == []
    assert len(ranked(found, "", 5)) == 2


@pytest.mark.parametrize(
    "values",
    [
        {"identifier": "--registry=https://evil.example"},
        {"identifier": "x; rm -rf /"},
        {"identifier": "x\n-y"},
        {"identifier": "../x"},
        {"identifier": "x@npm:evil"},
        {"version": "latest"},
        {"version": "^1.0.0"},
        {"version": "1.0.0 --registry=x"},
        {"version": ""},
        {"registryType": "nuget"},
        {"registryType": "pypi", "identifier": "--index-url"},
        {"registryType": "oci", "identifier": "--privileged"},
        {"packageArguments": [{"type": "positional", "value": "${AWS_SECRET_ACCESS_KEY}"}]},
        {"packageArguments": [{"type": "named", "name": "x y"}]},
        {"packageArguments": [{"type": "positional", "value": "a\nb"}]},
        {"environmentVariables": [{"name": "LD PRELOAD", "value": "x"}]},
        {"environmentVariables": [{"name": "A", "default": "${keyring:bank/pin}"}]},
        {"transport": {"type": "streamable-http", "url": "http://localhost"}},
    ],
)
def test_an_entry_that_could_do_more_than_run_its_package_is_refused(values: dict[str, Any]) -> None:
    try:
        hostile = package(**values)
    except NotAnEntry:
        return
    with pytest.raises(NotRunnable):
        chosen(hostile, None)


@pytest.mark.parametrize(
    "url",
    ["http://example.com/mcp", "file:///etc/passwd", "https://u:p@x/mcp", "https://x/{a}", "ftp://x", "https://x y"],
)
def test_a_remote_that_is_not_safe_is_refused(url: str) -> None:
    hostile = entry_of({"name": "a/x", "version": "1", "remotes": [{"type": "sse", "url": url}]})
    with pytest.raises(NotRunnable):
        chosen(hostile, None)


ODD = st.text(max_size=12) | st.sampled_from(
    ["--x", "-c", "$(id)", "${HOME}", "a b", "@x/y", "x", "1.0", "`id`", "x==1"]
)
ARGUMENT = st.fixed_dictionaries(
    {"type": st.sampled_from(["positional", "named"]), "name": ODD},
    optional={"value": ODD, "default": ODD, "isRequired": st.booleans(), "isSecret": st.booleans(), "valueHint": ODD},
)
PACKAGE = st.fixed_dictionaries(
    {"registryType": st.sampled_from(["npm", "pypi", "oci"]), "identifier": ODD, "version": ODD},
    optional={
        "packageArguments": st.lists(ARGUMENT, max_size=3),
        "environmentVariables": st.lists(ARGUMENT, max_size=2),
    },
)


@given(PACKAGE)
def test_whatever_an_entry_says_only_its_pinned_package_is_run(raw: dict[str, Any]) -> None:
    try:
        hostile = entry_of({"name": "a/x", "version": "1", "packages": [raw]})
    except NotAnEntry:
        return
    for launch in launches(hostile):
        if not isinstance(launch, Launch):
            continue
        command, args = launch.values["command"], launch.values["args"]
        forwarded = 2 * len(raw.get("environmentVariables", []))
        fixed = {"npx": ["-y"], "uvx": [], "docker": ["run", "-i", "--rm", *args[3 : 3 + forwarded]]}[command]
        assert args[: len(fixed)] == fixed
        assert all(each == "-e" or each.isidentifier() for each in fixed[3:])
        pinned = args[len(fixed)]
        assert pinned.startswith(raw["identifier"])
        assert not pinned.startswith("-")
        assert raw["version"] in pinned or (command == "docker" and pinned == raw["identifier"])
        assert not set(pinned) & set(" \n;|&$`<>\"'\\(){}")
        names = {need.name for need in launch.needs}
        told = json.dumps(launch.values)
        assert told.count("${") <= len(names) + 9
        assert all(part.partition("}")[0].partition(":-")[0] in names for part in told.split("${")[1:])
