"""Loading never raises, whatever the file holds."""

import json
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from mcp_toolweaver.config import SourceSpec, load

PLACES = st.sampled_from(["mcpServers", "servers", "mcp", "mcp_servers", "sources", "toolweaver", "inputs", "a", ""])
FIELDS = st.sampled_from(["command", "args", "env", "cwd", "url", "type", "httpUrl", "headers", "domain", "disabled"])
RARE_FIELDS = st.sampled_from(["kind", "name", "path", "callTimeout", "bearer_token_env_var", "env_http_headers"])
SETTINGS = st.sampled_from(["expose", "direct_threshold", "data_dir", "embedding", "log_level", "_env_file"])
KEYS = PLACES | FIELDS | RARE_FIELDS | SETTINGS
TEXTS = st.sampled_from(
    ["stdio", "http", "https://x.example/sse", "https://[", "json_file", "mcp_server", "~/x", "\ud800"]
)
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS | st.text("${}:-/A\0\n"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=6),
    max_leaves=25,
)
ENVIRONS = st.dictionaries(
    st.sampled_from(["TOOLWEAVER_EXPOSE", "TOOLWEAVER_EXPOSE__DIRECT_THRESHOLD", "toolweaver_data_dir", "A", "HOME"]),
    st.text() | VALUES.map(json.dumps),
)


def check(data: bytes, name: str, environ: dict[str, str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / name
        file.write_bytes(data)
        configuration = load(file, environ)
    assert all(str(problem).isprintable() for problem in configuration.problems)
    assert len({source.name for source in configuration.sources}) == len(configuration.sources)
    assert all(is_sound(source) for source in configuration.sources)


def is_sound(source: SourceSpec) -> bool:
    """Whether a server has one of the shapes of options that are promised."""
    if source.kind != "mcp_server" or source.invalid is not None:
        return True
    keys = source.options.keys() - {"connect_timeout", "call_timeout", "cwd"}
    return keys in ({"transport", "command", "args", "env"}, {"transport", "url", "headers"})


@given(st.binary(), st.sampled_from(["f.json", "f.toml", "f"]))
def test_any_bytes_can_be_loaded(data: bytes, name: str) -> None:
    check(data, name, {})


@given(st.text(), st.sampled_from(["f.json", "f.toml"]))
def test_any_text_can_be_loaded(text: str, name: str) -> None:
    check(text.encode(), name, {})


@given(st.dictionaries(KEYS, VALUES), ENVIRONS)
def test_any_document_can_be_loaded_in_any_environment(document: Any, environ: dict[str, str]) -> None:
    check(json.dumps(document).encode(), "f.json", environ)
