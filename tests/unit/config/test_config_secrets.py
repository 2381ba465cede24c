"""Secrets that a configuration refers to are read when it is, and never said."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import pytest

from mcp_toolweaver.config.problems import Problems
from mcp_toolweaver.config.variables import Variables
from mcp_toolweaver.core.errors import Unavailable
from mcp_toolweaver.core.keyring_access import KEYRING
from mcp_toolweaver.core.secrecy import Mask

SECRET = "s3cret of the file"


@pytest.fixture(autouse=True)
def _keyring() -> Generator[None]:  # pyright: ignore[reportUnusedFunction]
    def look(service: str, name: str) -> str | None:
        if name == "locked":
            raise Unavailable("the keyring", "did not do it; unlock it")
        return {("toolweaver", "github"): "ring-secret", ("a/b", "c"): "deep-secret"}.get((service, name))

    reset = KEYRING.set(look)
    yield
    KEYRING.reset(reset)


def expanded(text: str, folder: Path) -> tuple[str, str]:
    problems = Problems("f").within("key")
    value = Variables({"HOME": str(folder / "home"), "GITHUB_TOKEN": "environment-secret"}, folder).expand(
        text, problems
    )
    return value, problems.summary


@pytest.mark.parametrize(
    ("content", "value"),
    [
        (SECRET.encode(), SECRET),
        (f"{SECRET}\n".encode(), SECRET),
        (f"{SECRET}\r\n".encode(), SECRET),
        (f" {SECRET}\n\n".encode(), f" {SECRET}\n"),
        (b"\xef\xbb\xbfwith a mark", "with a mark"),
        (b"${HOME}", "${HOME}"),
        (b"x" * 64 * 1024, "x" * 64 * 1024),
    ],
)
def test_a_file_stands_for_what_it_holds(tmp_path: Path, content: bytes, value: str) -> None:
    (tmp_path / "home").mkdir()
    for file, written in (("token", "token"), ("home/token", "~/token"), ("token", str(tmp_path / "token"))):
        (tmp_path / file).write_bytes(content)
        assert expanded(f"Bearer ${{file:{written}}}", tmp_path) == (f"Bearer {value}", "")


@pytest.mark.parametrize("mode", [0o644, 0o600])
def test_a_file_that_everybody_may_read_is_warned_of(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, mode: int
) -> None:
    file = tmp_path / "token"
    file.write_text(SECRET, encoding="utf-8")
    file.chmod(mode)
    assert expanded("${file:token}", tmp_path) == (SECRET, "")
    is_warned = f"{file} holds a secret, and every user of this machine may read it" in caplog.text
    assert is_warned == (mode == 0o644)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("${file:missing}", "needs the file missing, which cannot be read (No such file or directory); create it"),
        ("${file:.}", "needs the file ., which cannot be read"),
        ("${file:large}", "which is larger than 64 KB"),
        ("${file:binary}", "which is not UTF-8"),
        ("${file:a\0b}", "needs the file a"),
        ("${keyring:toolweaver/none}", "run `toolweaver secret set none`"),
        ("${keyring:other/none}", "run `toolweaver secret set none --service other`"),
        ("${keyring:none}", "which is no SERVICE/NAME"),
        ("${keyring:toolweaver/locked}", "unlock it"),
    ],
)
def test_a_reference_that_leads_nowhere_is_a_problem_that_names_the_fix(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "large").write_bytes(b"x" * (64 * 1024 + 1))
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    value, summary = expanded(text, tmp_path)
    assert value == ""
    assert said in summary


def test_an_entry_of_the_keyring_stands_for_its_secret(tmp_path: Path) -> None:
    assert expanded("${keyring:toolweaver/github}", tmp_path) == ("ring-secret", "")
    assert expanded("<${keyring:a/b/c}>", tmp_path) == ("<deep-secret>", "")
    assert expanded("$${keyring:a/b/c} $${file:x}", tmp_path) == ("${keyring:a/b/c} ${file:x}", "")


def test_where_no_keyring_is_asked_a_reference_says_so(tmp_path: Path) -> None:
    reset = KEYRING.set(None)
    assert "which is not asked here" in expanded("${keyring:toolweaver/github}", tmp_path)[1]
    KEYRING.reset(reset)


def test_what_was_referred_to_is_hidden_from_then_on(tmp_path: Path) -> None:
    mask = Mask()
    (tmp_path / "token").write_text("hide-me-of-file")
    expanded("${file:token} ${keyring:toolweaver/github} ${GITHUB_TOKEN}", tmp_path)
    assert mask("a hide-me-of-file b ring-secret c environment-secret d") == "a *** b *** c *** d"
