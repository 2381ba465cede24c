"""``read_result``: what a host gets of the rest of a result."""

import json
from typing import Any

import pytest

from mcp_toolweaver.core.errors import InvalidArguments, InvalidRequest
from mcp_toolweaver.core.paging import ResultPart
from mcp_toolweaver.server.read_result import read_result

TEXT = "one\ntwo"


class Results:
    """A `ResultReader` with one text, under the key ``k``."""

    def read(self, key: str, offset: int, limit: int | None) -> ResultPart:
        if key != "k":
            raise InvalidRequest("unknown")
        return ResultPart(TEXT[offset : offset + (limit or 100)], offset, len(TEXT))


def answer(**arguments: Any) -> tuple[str, Any]:
    text, told = read_result(Results(), arguments).payload["content"]
    return text["text"], json.loads(told["text"])


def test_the_text_comes_as_it_is_and_then_where_to_read_on() -> None:
    told = {"offset": 0, "characters": 4, "total": 7, "done": False, "next_offset": 4}
    assert answer(key="k", limit=4) == ("one\n", told)
    assert answer(key="k", offset="4") == ("two", {"offset": 4, "characters": 3, "total": 7, "done": True})


def test_an_unknown_key_and_wrong_arguments_are_errors_that_say_so() -> None:
    with pytest.raises(InvalidRequest):
        answer(key="other")
    with pytest.raises(InvalidArguments, match=r"read_result: offset: .*It takes: key, offset, limit"):
        answer(key="k", offset=-1)


def test_where_nothing_is_cut_there_is_nothing_to_read() -> None:
    with pytest.raises(InvalidRequest, match="call the tool again"):
        read_result(None, {"key": "k"})
