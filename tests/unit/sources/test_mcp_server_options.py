"""A wrong option of a server is named, and nothing is started."""

from typing import Any

import pytest

from catalog_sources.mcp_server import open_source
from mcp_toolweaver.core.errors import ConfigurationError

pytestmark = pytest.mark.anyio

CHILD = {"transport": "stdio", "command": "/no/such/command"}
REMOTE = {"transport": "http", "url": "http://127.0.0.1:9/mcp"}


async def refusal_of(options: dict[str, Any]) -> str:
    with pytest.raises(ConfigurationError) as refused:
        async with open_source("s", options):
            pass
    return str(refused.value)


@pytest.mark.parametrize(
    ("options", "key"),
    [
        ({}, "transport"),
        ({"transport": "carrier-pigeon"}, "transport"),
        ({"transport": None}, "transport"),
        ({"transport": "stdio"}, "command"),
        ({**CHILD, "command": ""}, "command"),
        ({**CHILD, "command": 5}, "command"),
        ({**CHILD, "args": "one two"}, "args"),
        ({**CHILD, "args": [["x"]]}, "args.0"),
        ({**CHILD, "env": ["A=1"]}, "env"),
        ({**CHILD, "env": {"A": {}}}, "env.A"),
        ({**CHILD, "cwd": 5}, "cwd"),
        ({**CHILD, "url": "http://x"}, "url"),
        ({**CHILD, "commnad": "x"}, "commnad"),
        ({**CHILD, "invalid": "has neither a command nor a url"}, "invalid"),
        ({**CHILD, "connect_timeout": 0}, "connect_timeout"),
        ({**CHILD, "call_timeout": -1}, "call_timeout"),
        ({**CHILD, "call_timeout": "soon"}, "call_timeout"),
        ({"transport": "http"}, "url"),
        ({**REMOTE, "url": "ftp://x"}, "url"),
        ({**REMOTE, "url": "localhost:8000/mcp"}, "url"),
        ({**REMOTE, "url": ""}, "url"),
        ({**REMOTE, "headers": "Authorization: x"}, "headers"),
        ({**REMOTE, "headers": {"A": 5}}, "headers.A"),
        ({**REMOTE, "command": "x"}, "command"),
        ({**REMOTE, "transport": "sse", "url": None}, "url"),
    ],
)
async def test_an_option_that_is_wrong_is_named(options: dict[str, Any], key: str) -> None:
    message = await refusal_of(options)
    assert key in message
    assert not message.startswith(":")
    assert "\n" not in message


async def test_a_refusal_does_not_repeat_what_may_be_secret() -> None:
    assert "hunter2" not in await refusal_of({**REMOTE, "headers": {"Authorization": ["hunter2"]}})
    assert "hunter2" not in await refusal_of({**CHILD, "env": {"TOKEN": ["hunter2"]}})
