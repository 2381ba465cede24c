"""What was stored before a tool's text was read in another way is not compared with what is stored after."""

import hashlib

from mcp_toolweaver.index.sparse import words_of
from mcp_toolweaver.text.tool_text import TEXT_VERSION, passage
from tests.fakes.tools import make_tool

SEEN = {1: "c63f4e69ca809867"}
"""The hash of what some tools become, by version. If it changes, raise the version and add a line."""

TOOLS = [
    make_tool("createIssue", "Create a new issue.\n\nArgs:\n  title: what it is about", server="github-official"),
    make_tool("send_message", "Sends messages to the GitHub channels, quickly.", server="Chat", domain="chat"),
    make_tool("多语言", "读取文件。 Überträgt Dateien.", server="files"),
    make_tool("x"),
]


def test_what_a_tool_becomes_is_that_of_the_version() -> None:
    words = [
        sorted((index, round(value, 4)) for index, value in zip(each.indices, each.values, strict=True))
        for each in words_of(TOOLS)
    ]
    made = repr((words, [passage(tool) for tool in TOOLS]))
    assert hashlib.sha256(made.encode()).hexdigest()[:16] == SEEN[TEXT_VERSION]
