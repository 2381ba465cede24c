"""How an entry of the registry is run: pinned, with the owner's values looked up, and nothing foreign as an option."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_toolweaver.registry.entry import Entry, NotAnEntry, entry_of
from mcp_toolweaver.registry.foreign import NotRunnable
from mcp_toolweaver.registry.launching import Launch, chosen, launches
from mcp_toolweaver.registry.ranking import newest, ranked
from mcp_toolweaver.registry.reading import read_entries

ENTRIES = Path(__file__).with_name("entries")


def entry(name: str) -> Entry:
    return next(each for each in newest(read_entries(str(ENTRIES)).entries) if each.name == name)


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
    assert "com.example/gone" not in {each.name for each in newest(read_entries(str(ENTRIES)).entries)}


def test_an_entry_in_the_older_spelling_is_read_too() -> None:
    [old] = [each for each in read_entries(str(ENTRIES / "files.json")).entries if each.version == "0.9.0"]
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
    found = newest(read_entries(str(ENTRIES)).entries)
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
        {"identifier": "x\u200by"},
        {"identifier": "x\x00y"},
        {"version": "beta"},
        {"version": "1"},
        {"version": "1.x"},
        {"version": "1.0.0-x.tgz"},
        {"registryBaseUrl": "https://packages.evil.example"},
        {"registryType": "pypi", "registryBaseUrl": "https://pypi-org.evil.example/simple"},
        {"registryType": "pypi", "registryBaseUrl": "https://[x"},
        {"registryType": "oci", "identifier": "x:latest"},
        {"registryType": "oci", "identifier": "x:stable"},
        {"registryType": "oci", "identifier": "x", "version": "latest"},
        {"registryType": "oci", "identifier": "x@npm:evil"},
        {"registryType": "oci", "runtimeArguments": [{"type": "positional", "value": "evil/image"}]},
        {"registryType": "nuget"},
        {"registryType": "pypi", "identifier": "--index-url"},
        {"registryType": "oci", "identifier": "--privileged"},
        {"packageArguments": [{"type": "positional", "value": "${AWS_SECRET_ACCESS_KEY}"}]},
        {"packageArguments": [{"type": "named", "name": "x y"}]},
        {"packageArguments": [{"type": "named", "name": "--key=${AWS_SECRET_ACCESS_KEY}"}]},
        {"packageArguments": [{"type": "positional", "value": "a\u202eb"}]},
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
    [
        "http://example.com/mcp",
        "file:///etc/passwd",
        "https://u:p@x/mcp",
        "ftp://x",
        "https://x y",
        "https:///x",
        "https://[x",
        "https://x:99999/",
        "https://{host}/mcp",
        "https://x\u0430.example/",
        "https://x\\@y/",
        "https://x/${keyring:bank/pin}",
        "https://x/\u200b",
        "http://localhost@evil.example/",
        "{base}/mcp",
    ],
)
def test_a_remote_that_is_not_safe_is_refused(url: str) -> None:
    hostile = entry_of({"name": "a/x", "version": "1", "remotes": [{"type": "sse", "url": url}]})
    with pytest.raises(NotRunnable):
        chosen(hostile, None)


@pytest.mark.parametrize(
    ("values", "risk"),
    [
        ({"environmentVariables": [{"name": "npm_config_registry", "value": "https://x"}]}, "sets npm_config_registry"),
        ({"environmentVariables": [{"name": "LD_PRELOAD", "default": "/x.so"}]}, "sets LD_PRELOAD"),
        ({"environmentVariables": [{"name": "NODE_OPTIONS", "value": "--require {file}"}]}, "sets NODE_OPTIONS"),
        ({"environmentVariables": [{"name": "PATH", "isRequired": True, "default": "/x"}]}, "sets PATH"),
        ({"runtimeArguments": [{"type": "positional", "value": "--registry=https://x"}]}, "--registry"),
        (
            {"packageArguments": [{"type": "named", "name": "--key", "isSecret": True, "isRequired": True}]},
            "the secret KEY on its command",
        ),
        *(
            ({"registryType": "oci", "runtimeArguments": [{"type": "named", "name": name, "value": value}]}, name)
            for name, value in (("--privileged", None), ("-v", "/:/host"), ("--network", "host"), ("--pid", "host"))
        ),
    ],
)
def test_what_an_owner_may_not_want_is_a_risk(values: dict[str, Any], risk: str) -> None:
    assert risk in " ".join(chosen(package(**values), None).risks)


def test_what_most_servers_need_is_no_risk() -> None:
    usual = package(
        runtimeArguments=[{"type": "positional", "value": "-y"}],
        environmentVariables=[
            {"name": "HTTPS_PROXY", "isRequired": True},
            {"name": "GITHUB_HOST", "default": "github.com"},
            {"name": "LDAP_URL", "default": "ldaps://x"},
            {"name": "PYTHONUNBUFFERED", "value": "1"},
        ],
    )
    assert chosen(usual, None).risks == ()


@pytest.mark.parametrize(
    ("values", "run"),
    [
        ({"identifier": "ghcr.io/a/x:v1"}, "ghcr.io/a/x:v1"),
        ({"identifier": "a/x", "version": "1.0.0"}, "a/x:1.0.0"),
        ({"identifier": "a/x", "registryBaseUrl": "https://docker.io"}, "a/x:1.0.0"),
        ({"identifier": "a/x", "registryBaseUrl": "https://ghcr.io"}, "ghcr.io/a/x:1.0.0"),
        ({"identifier": f"a/x@sha256:{'0' * 64}", "version": ""}, f"a/x@sha256:{'0' * 64}"),
        ({"identifier": f"a/x:latest@sha256:{'0' * 64}", "version": ""}, f"a/x:latest@sha256:{'0' * 64}"),
    ],
)
def test_an_image_has_its_registry_and_one_tag_or_a_digest(values: dict[str, Any], run: str) -> None:
    assert chosen(package(**{"registryType": "oci", **values}), None).values["args"] == ["run", "-i", "--rm", run]


def test_a_container_gets_the_variables_that_have_a_value_and_none_of_the_owners_else() -> None:
    given = [{"name": "AWS_SECRET_ACCESS_KEY"}, {"name": "MODE", "value": "read"}]
    args = chosen(package(registryType="oci", environmentVariables=given), None).values["args"]
    assert args == ["run", "-i", "--rm", "-e", "MODE", "x:1.0.0"]


def test_placeholders_are_what_their_variables_say_and_other_braces_stay() -> None:
    given = {
        "type": "positional",
        "value": '{"at": "{place}", "as": "{unit_name}", "by": "{me}"}',
        "variables": {
            "place": {"isRequired": True, "description": "Where you live"},
            "unit_name": {"default": "metric"},
            "me": {"value": "toolweaver"},
        },
    }
    launch = chosen(package(packageArguments=[given]), None)
    assert launch.values["args"][-1] == '{"at": "${PLACE}", "as": "${UNIT_NAME:-metric}", "by": "toolweaver"}'
    assert [(need.name, need.description) for need in launch.needs] == [("PLACE", "Where you live"), ("UNIT_NAME", "")]


def test_what_has_no_name_of_its_own_gets_one_each_and_a_default_with_a_brace_is_written_down() -> None:
    nameless = {"type": "positional", "isRequired": True}
    given = [nameless, nameless, {**nameless, "default": "{}"}]
    assert chosen(package(packageArguments=given), None).values["args"][2:] == ["${VALUE}", "${VALUE_2}", "{}"]


def test_a_remote_is_completed_by_its_variables() -> None:
    raw = {
        "type": "streamable-http",
        "url": "https://x.example/{tenant_id}/mcp?in={region}",
        "variables": {"tenant_id": {"isRequired": True}, "region": {"default": "eu", "choices": ["eu", "us"]}},
        "headers": [{"name": "Authorization", "value": "Bearer {key}", "isSecret": True}],
    }
    launch = chosen(entry_of({"name": "a/x", "version": "1", "remotes": [raw]}), None)
    assert launch.values == {
        "type": "http",
        "url": "https://x.example/${TENANT_ID}/mcp?in=${REGION:-eu}",
        "headers": {"Authorization": "Bearer ${KEY}"},
    }
    assert [(need.name, need.isSecret) for need in launch.needs] == [
        ("TENANT_ID", False),
        ("REGION", False),
        ("KEY", True),
    ]


def test_variables_of_a_container_are_in_no_command_line_and_optional_ones_need_not_be_given() -> None:
    options = [
        {"type": "named", "name": "-e", "value": "PORT=8085"},
        {"type": "named", "name": "-e", "value": "KEY={token}", "variables": {"token": {"isSecret": True}}},
        {"type": "named", "name": "--env", "value": "URL=https://{host}/", "variables": {"host": {"isRequired": True}}},
    ]
    launch = chosen(package(registryType="oci", runtimeArguments=options), None)
    assert launch.values["args"] == ["run", "-i", "--rm", "-e", "PORT", "-e", "KEY", "-e", "URL", "x:1.0.0"]
    assert launch.values["env"] == {"PORT": "8085", "KEY": "${KEY:-}", "URL": "https://${HOST}/"}
    assert launch.risks == ()


def test_a_secret_that_need_not_be_given_keeps_no_server_from_starting() -> None:
    either = [{"name": "TOKEN", "isSecret": True}, {"name": "PASSWORD", "isSecret": True}]
    argument = {"type": "named", "name": "--key", "isSecret": True}
    mounted: dict[str, Any] = {"type": "named", "name": "--in", "value": "{folder}", "variables": {"folder": {}}}
    launch = chosen(package(environmentVariables=either, packageArguments=[argument, mounted]), None)
    assert launch.values["env"] == {"TOKEN": "${TOKEN:-}", "PASSWORD": "${PASSWORD:-}"}
    assert [need.name for need in launch.needs] == ["TOKEN", "PASSWORD"]
    assert launch.risks == ()


@pytest.mark.parametrize("name", ["", "a b", "a/b/c", "a/\u200bb", "a/x\n", "--x y", "a/" + "x" * 400])
def test_a_server_without_a_name_that_can_be_typed_is_no_entry(name: str) -> None:
    with pytest.raises(NotAnEntry):
        entry_of({"name": name, "version": "1"})


def test_texts_for_people_are_shown_without_what_is_hidden() -> None:
    shown = entry_of({"name": "a/x", "description": "a\x1b[31mb\u202ec", "title": "x\u200by", "version": "1\x07"})
    assert (shown.description, shown.title, shown.version) == ("abc", "xy", "1")


KEYS = [
    *("server", "name", "version", "status", "packages", "remotes", "registryType", "identifier", "transport", "_meta"),
    *("packageArguments", "runtime_arguments", "environmentVariables", "url", "type", "headers", "variables", "value"),
]
ODD = st.text(max_size=12) | st.sampled_from(
    [
        "--x",
        "-c",
        "$(id)",
        "${HOME}",
        "--x=${HOME}",
        "a b",
        "@x/y",
        "x",
        "1.0.0",
        "v2",
        "`id`",
        "x==1",
        "{a}",
        "x:1",
        "LD_A",
    ]
)
ARGUMENT = st.fixed_dictionaries(
    {"type": st.sampled_from(["positional", "named"]), "name": ODD},
    optional={"value": ODD, "default": ODD, "isRequired": st.booleans(), "isSecret": st.booleans(), "valueHint": ODD},
)
OPTION = ARGUMENT | st.fixed_dictionaries(
    {"type": st.just("named"), "name": st.sampled_from(["-e", "--env"])},
    optional={"value": st.builds("{}={}".format, st.sampled_from(["A", "LD_A", "a b"]), ODD) | ODD},
)
PACKAGE = st.fixed_dictionaries(
    {"registryType": st.sampled_from(["npm", "pypi", "oci"]), "identifier": ODD, "version": ODD},
    optional={
        "packageArguments": st.lists(ARGUMENT, max_size=3),
        "environmentVariables": st.lists(ARGUMENT, max_size=2),
        "runtimeArguments": st.lists(OPTION, max_size=2),
    },
)


@given(PACKAGE)
def test_whatever_an_entry_says_only_its_pinned_package_is_run(raw: dict[str, Any]) -> None:
    try:
        hostile = entry_of({"name": "a/x", "version": "1", "packages": [raw]})
    except NotAnEntry:
        return
    for launch in launches(hostile):
        if not isinstance(launch, Launch) or any("of Docker" in risk for risk in launch.risks):
            continue
        command, args, env = launch.values["command"], launch.values["args"], launch.values.get("env", {})
        docker = ["run", "-i", "--rm", *(text for name in env for text in ("-e", name))]
        fixed = {"npx": ["-y"], "uvx": [], "docker": docker}[command]
        assert args[: len(fixed)] == fixed
        pinned = args[len(fixed)]
        assert pinned.startswith(raw["identifier"])
        assert any(each.isdigit() for each in pinned.removeprefix(raw["identifier"]) or raw["identifier"])
        assert not pinned.startswith("-")
        assert not set(pinned) & set(" \n;|&$`<>\"'\\(){}")
        assert all(each.isprintable() for each in [*args, *env, *env.values()])
        names = {need.name for need in launch.needs}
        parts = [part for each in [*args, *env.values()] for part in each.split("${")[1:]]
        assert all(part.partition("}")[0].partition(":-")[0] in names for part in parts)


URL = st.builds(
    "{}{}{}".format,
    st.sampled_from(["https://", "http://", "http://localhost", "//", "https:", "file://", "{u}", ""]),
    st.sampled_from(
        ["x.example", "[::1]", "[x", "a@b", "a:b@c", "x:99999", "x:-1", "127.0.0.1", "x\\@y", "\u2100.x", ""]
    ),
    st.sampled_from(["/mcp", "/{tenant}", "/${HOME}", "?a={b}", "#{c}", "/\n", "/ x", "/%0a", ""]) | ODD,
)
REMOTE = st.fixed_dictionaries(
    {"type": st.sampled_from(["sse", "streamable-http", "ws"]), "url": URL | ODD},
    optional={"headers": st.lists(ARGUMENT, max_size=2), "variables": st.dictionaries(ODD, ARGUMENT, max_size=2)},
)


@given(REMOTE)
def test_whatever_an_address_says_only_an_https_host_or_this_machine_is_spoken_to(raw: dict[str, Any]) -> None:
    try:
        hostile = entry_of({"name": "a/x", "version": "1", "remotes": [raw]})
    except NotAnEntry:
        return
    for launch in launches(hostile):
        if isinstance(launch, Launch):
            parts = urlsplit(str(launch.values["url"]))
            assert parts.scheme == "https" or parts.hostname in {"localhost", "127.0.0.1", "::1"}
            assert parts.hostname == urlsplit(str(raw["url"])).hostname
            assert "@" not in parts.netloc
            assert set(re.findall(r"\$\{(\w+)", str(launch.values))) <= {need.name for need in launch.needs}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | ODD,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS) | ODD, inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(st.sampled_from(KEYS), JSON, max_size=8))
def test_whatever_is_read_is_an_entry_or_is_none_and_nothing_else_happens(raw: dict[str, Any]) -> None:
    try:
        read = entry_of({"name": "a/x", **raw})
    except NotAnEntry:
        return
    for launch in launches(read):
        assert isinstance(launch, Launch | NotRunnable)
