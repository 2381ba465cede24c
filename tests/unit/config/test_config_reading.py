"""Whatever a file is or holds, reading says what is wrong and goes on where it can."""

import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mcp_toolweaver.config import Configuration, load

SERVER = '{"mcpServers": {"s": {"command": "x"}}}'


def loaded(folder: Path, data: bytes | str, name: str = "mcp.json") -> Configuration:
    file = folder / name
    file.write_bytes(data.encode() if isinstance(data, str) else data)
    return load(file, {})


def only_message(configuration: Configuration) -> str:
    """Return the message of the only problem, having seen that it is usable."""
    (problem,) = configuration.problems
    assert problem.file == str(configuration.path)
    assert problem.fix
    assert configuration.settings.expose.direct_threshold == 20
    return problem.message


def test_no_file_gives_defaults_and_no_sources() -> None:
    configuration = load(None, {})
    assert configuration.settings.log_level == "info"
    assert (configuration.sources, configuration.problems, configuration.path) == ((), (), None)


def test_a_missing_file_is_reported(tmp_path: Path) -> None:
    assert only_message(load(tmp_path / "none.json", {})) == "does not exist"


def test_a_folder_is_reported(tmp_path: Path) -> None:
    assert only_message(load(tmp_path, {})) == "is a folder"


def test_a_forbidden_file_is_reported(tmp_path: Path) -> None:
    file = tmp_path / "mcp.json"
    file.write_text(SERVER)
    file.chmod(0)
    with not_as_root():
        assert only_message(load(file, {})) == "must not be read by you"


@contextmanager
def not_as_root() -> Generator[None]:
    """Be a user who may not read everything, for a while."""
    user = os.geteuid()
    os.seteuid(user or 65534)
    try:
        yield
    finally:
        os.seteuid(user)


def test_a_file_below_a_file_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").write_text(SERVER)
    assert only_message(load(tmp_path / "file" / "mcp.json", {})).startswith("cannot be read")


def test_an_impossible_name_is_reported() -> None:
    assert only_message(load(Path("a\0b.json"), {})) == "is not a possible file name"


@pytest.mark.parametrize("data", [b"", b" \n\t", b"\xef\xbb\xbf"])
def test_an_empty_file_is_reported(tmp_path: Path, data: bytes) -> None:
    assert only_message(loaded(tmp_path, data)) == "is empty"


def test_a_byte_order_mark_is_accepted(tmp_path: Path) -> None:
    assert len(loaded(tmp_path, b"\xef\xbb\xbf" + SERVER.encode()).sources) == 1
    toml = b'\xef\xbb\xbf[mcpServers.s]\r\ncommand = "x"\r\n'
    assert len(loaded(tmp_path, toml, "mcp.toml").sources) == 1


def test_another_encoding_is_reported(tmp_path: Path) -> None:
    assert only_message(loaded(tmp_path, SERVER.encode("utf-16"))) == "is not UTF-8 (byte 1 is wrong)"


def test_a_mistake_in_json_is_placed_where_it_is_in_the_file(tmp_path: Path) -> None:
    text = '{\n  // servers\n  "mcpServers": /* all */ {"s" {}}\n}'
    assert only_message(loaded(tmp_path, text)) == "is not valid JSON at line 3, column 32: Expecting ':' delimiter"


def test_a_mistake_in_toml_is_placed(tmp_path: Path) -> None:
    message = only_message(loaded(tmp_path, "a = 1\nb = \n", "mcp.toml"))
    assert message.startswith("is not valid TOML: ")
    assert "line 2, column 5" in message


@pytest.mark.parametrize(
    ("text", "kind"),
    [("[]", "a list"), ("null", "null"), ('"x"', "a string"), ("5", "a number"), ("true", "true or false")],
)
def test_something_other_than_an_object_at_the_top_is_reported(tmp_path: Path, text: str, kind: str) -> None:
    assert only_message(loaded(tmp_path, text)) == f"holds {kind} at the top"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("[" * 100_000, "deep.json"),
        ('{"sources":' * 65 + "{}" + "}" * 65, "deeper-than-we-go.json"),
        ('{"sources":' + "[" * 65 + "]" * 65 + "}", "lists-deeper-than-we-go.json"),
        ("a = " + "[" * 100_000, "deep.toml"),
        ("a" + ".a" * 5000 + " = 1", "dotted.toml"),
    ],
)
def test_a_file_of_endless_depth_is_reported(tmp_path: Path, text: str, name: str) -> None:
    assert "levels deep" in only_message(loaded(tmp_path, text, name))


@pytest.mark.parametrize(("text", "name"), [('{"a": ' + "1" * 5000 + "}", "n.json"), ("a = " + "1" * 5000, "n.toml")])
def test_a_number_beyond_reason_is_reported(tmp_path: Path, text: str, name: str) -> None:
    assert "is not valid" in only_message(loaded(tmp_path, text, name))


def test_a_key_that_is_there_twice_is_reported_and_the_last_one_counts(tmp_path: Path) -> None:
    text = '{"mcpServers": {"s": {"command": "first"}, "s": {"command": "second"}}}'
    configuration = loaded(tmp_path, text)
    assert [source.options["command"] for source in configuration.sources] == ["second"]
    (problem,) = configuration.problems
    assert problem.key == "s"
    assert "more than once in mcpServers (lines 1 and 1)" in problem.message


def test_comments_and_trailing_commas_are_accepted_without_a_problem(tmp_path: Path) -> None:
    text = '// mine\n{"mcpServers": {"s": {"command": "x", /* y */ "args": ["//z", "/*", ",]",],},},}'
    configuration = loaded(tmp_path, text)
    assert configuration.problems == ()
    assert configuration.sources[0].options["args"] == ["//z", "/*", ",]"]


def test_the_environment_is_heeded_even_where_the_file_is_no_good(tmp_path: Path) -> None:
    (tmp_path / "mcp.json").write_text("{")
    configuration = load(tmp_path / "mcp.json", {"TOOLWEAVER_LOG_LEVEL": "debug"})
    assert configuration.settings.log_level == "debug"
    assert len(configuration.problems) == 1
