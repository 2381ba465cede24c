"""Typed functions of the owner's are tools, and none of them can hold up or end those around it."""

from __future__ import annotations

import importlib
import json
import logging
import sys
import threading
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import jsonschema
import pytest

from catalog_sources.python_functions import PythonFunctions, open_source
from mcp_toolweaver.core.errors import ConfigurationError, InvalidArguments
from mcp_toolweaver.core.tools import Tool

pytestmark = pytest.mark.anyio

_numbers = iter(range(1000))


@asynccontextmanager
async def opened(
    folder: Path, code: str, functions: str | list[str] = "", **options: Any
) -> AsyncGenerator[PythonFunctions]:
    """Write a module of a new name, and open what is named of it; ``MODULE`` stands for that name."""
    module = f"written_{next(_numbers)}"
    (folder / f"{module}.py").write_text(code, encoding="utf-8")
    named = [each.replace("MODULE", module) for each in ([functions] if isinstance(functions, str) else functions)]
    given = {"path": str(folder), "functions": [each or module for each in named], **options}
    with anyio.fail_after(60):
        async with open_source("mine", given) as source:
            yield source


async def listed(folder: Path, code: str, functions: str | list[str] = "") -> Mapping[str, Tool]:
    async with opened(folder, code, functions) as source:
        return {tool.id.name: tool for tool in await source.list_tools()}


async def problems_of(folder: Path, code: str, functions: str | list[str] = "") -> list[str]:
    async with opened(folder, code, functions) as source:
        return source.problems


async def payload_of(source: PythonFunctions, name: str, **arguments: Any) -> dict[str, Any]:
    """Return what a call returned, which keeps to its own output schema."""
    result = dict((await source.call_tool(name, arguments)).payload)
    tool = next(tool for tool in await source.list_tools() if tool.id.name == name)
    if not result["isError"] and "outputSchema" in tool.definition:
        jsonschema.validate(result["structuredContent"], tool.definition["outputSchema"])
    return result


def text_of(payload: Mapping[str, Any]) -> str:
    return str(payload["content"][0]["text"])


PAINT = '''
from __future__ import annotations
import dataclasses, enum
from typing import Annotated, Literal
from pydantic import BaseModel, Field

class Color(enum.Enum):
    RED = "red"
    BLUE = "blue"

@dataclasses.dataclass
class Point:
    x: int
    y: int = 2

class Person(BaseModel):
    name: str
    children: list[Person] = []

def paint(color: Color, at: Point, *, how: Annotated[str, "thick or thin"] = "thin",
          kind: Literal["oil", "water"] | None = None, layers: int = Field(2, ge=1, description="of paint")) -> Point:
    """Paint a point.

    It takes a while.

    Args:
        color: What to dip the brush into,
            before anything else.
        at (Point): Where.

    Returns:
        Something else.
    """
    assert isinstance(color, Color) and isinstance(at, Point)
    return Point(at.x + layers, at.y)

def oldest(person: Person) -> Person:
    """Return the oldest child."""
    return person.children[0]
'''


async def test_a_signature_and_a_docstring_become_a_definition(tmp_path: Path) -> None:
    tool = (await listed(tmp_path, PAINT))["paint"]
    schema = tool.input_schema
    assert (str(tool.id), tool.kind, tool.description) == (
        "mine::paint",
        "function",
        "Paint a point.\n\nIt takes a while.",
    )
    described = {name: part.get("description") for name, part in schema["properties"].items()}
    assert described == {
        "color": "What to dip the brush into, before anything else.",
        "at": "Where.",
        "how": "thick or thin",
        "kind": None,
        "layers": "of paint",
    }
    assert schema["required"] == ["color", "at"]
    assert {name: part["default"] for name, part in schema["properties"].items() if "default" in part} == {
        "how": "thin",
        "kind": None,
        "layers": 2,
    }
    jsonschema.validate({"color": "red", "at": {"x": 1}, "kind": "oil"}, schema)
    for wrong in ({"color": "green", "at": {"x": 1}}, {"color": "red"}, {"color": "red", "at": {"x": 1}, "layers": 0}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(wrong, schema)


async def test_a_function_may_say_its_title_and_what_a_call_does(tmp_path: Path) -> None:
    code = "def read(): 'R.'\ndef write(): 'W.'\ndef wrong(): 'X.'\n"
    code += "read.toolweaver = {'title': 'Reader', 'effect': 'read'}\nwrite.toolweaver = {'effect': 'write'}\n"
    code += "wrong.toolweaver = {'effect': 'harmless'}\n"
    async with opened(tmp_path, code) as source:
        read, write = await source.list_tools()
        (problem,) = source.problems
    assert (read.title, read.annotations["readOnlyHint"]) == ("Reader", True)
    assert write.annotations == {"readOnlyHint": False, "destructiveHint": False}
    assert "py:3: wrong(): its attribute 'toolweaver' is not understood" in problem


async def test_arguments_arrive_as_the_types_that_the_function_names(tmp_path: Path) -> None:
    async with opened(tmp_path, PAINT) as source:
        painted = await payload_of(source, "paint", color="blue", at={"x": 1})
        child = await payload_of(source, "oldest", person={"name": "Ada", "children": [{"name": "Bo"}]})
    assert painted == {
        "content": [{"type": "text", "text": '{"x": 3, "y": 2}'}],
        "structuredContent": {"x": 3, "y": 2},
        "isError": False,
    }
    assert child["structuredContent"] == {"name": "Bo", "children": []}


async def test_arguments_that_do_not_fit_are_named_each(tmp_path: Path) -> None:
    async with opened(tmp_path, PAINT) as source:
        with pytest.raises(InvalidArguments) as refused:
            await source.call_tool("paint", {"color": "green", "at": {"x": "one"}, "size": 1})
    for named in ("paint: color: ", "at.x: ", "size: "):
        assert named in str(refused.value)


RETURNS = """
from typing import Any, Iterator
import decimal, datetime
def text() -> str:
    "t"
    return "grüße"
def nothing() -> None: "n"
def number() -> int:
    "n"
    return 4
def several() -> list[datetime.date]:
    "s"
    return [datetime.date(2026, 1, 2)]
def table() -> dict[str, float]:
    "t"
    return {"a": 0.5}
def unsaid():
    "u"
    return {"a": (1, 2)}
def liar() -> int:
    "l"
    return "four"
def endless() -> float:
    "e"
    return float("nan")
def strange():
    "s"
    return object
"""


@pytest.mark.parametrize(
    ("name", "text", "structured"),
    [
        ("text", "grüße", None),
        ("nothing", "null", None),
        ("number", "4", {"result": 4}),
        ("several", '["2026-01-02"]', {"result": ["2026-01-02"]}),
        ("table", '{"a": 0.5}', {"a": 0.5}),
        ("unsaid", '{"a": [1, 2]}', None),
        ("strange", "<class 'object'>", None),
    ],
)
async def test_a_result_is_text_and_structured_where_its_type_is_said(
    tmp_path: Path, name: str, text: str, structured: Any
) -> None:
    async with opened(tmp_path, RETURNS) as source:
        payload = await payload_of(source, name)
    assert (text_of(payload), payload.get("structuredContent"), payload["isError"]) == (text, structured, False)


@pytest.mark.parametrize("name", ["liar", "endless"])
async def test_a_result_that_is_not_what_was_promised_is_an_error(tmp_path: Path, name: str) -> None:
    async with opened(tmp_path, RETURNS) as source:
        payload = await payload_of(source, name)
    assert payload["isError"]
    assert f"{name}() failed: ValueError: it returned a " in text_of(payload)


HOLDERS = """
from functools import wraps
from typing import Any
def one(a: int) -> int:
    "One."
    return a
def _hidden(a: int) -> int: return a
def logged(function: Any) -> Any:
    "Decorate."
    @wraps(function)
    def wrapper(*arguments: Any, **named: Any) -> Any:
        return function(*arguments, **named) + 1
    return wrapper
@logged
def two(a: int) -> int:
    "Two."
    return a
class Shelf:
    def __init__(self, base: int): self.base = base
    @property
    def costly(self) -> int: raise RuntimeError("a property was run")
    def add(self, a: int) -> int:
        "Add."
        return self.base + a
    @staticmethod
    def plain(a: int) -> int:
        "Plain."
        return a
    def _hidden(self, a: int) -> int: return a
shelf = Shelf(10)
several = [one, two]
named = {"first": one, "second": shelf.add}
"""


@pytest.mark.parametrize(
    ("functions", "answers"),
    [
        ("MODULE:one", {"one": 1}),
        ("MODULE:two", {"two": 2}),
        ("MODULE:several", {"one": 1, "two": 2}),
        ("MODULE:named", {"first": 1, "second": 11}),
        ("MODULE:shelf", {"add": 11, "plain": 1}),
        ("MODULE:shelf.add", {"add": 11}),
        (["MODULE:one", "MODULE:shelf.add"], {"one": 1, "add": 11}),
    ],
)
async def test_an_attribute_is_a_function_or_holds_several(
    tmp_path: Path, functions: str | list[str], answers: Mapping[str, int]
) -> None:
    async with opened(tmp_path, HOLDERS, functions) as source:
        names = [tool.id.name for tool in await source.list_tools()]
        payloads = [await payload_of(source, name, a=1) for name in names]
    assert {name: payload["structuredContent"]["result"] for name, payload in zip(names, payloads, strict=True)} == (
        answers
    )


async def test_a_module_is_its_public_functions(tmp_path: Path) -> None:
    code = 'from json import dumps\ndef a(x: int):\n "A."\ndef _b(x: int):\n "B."\n'
    assert list(await listed(tmp_path, code)) == ["a"]
    assert list(await listed(tmp_path, f'{code}__all__ = ["_b"]')) == ["_b"]


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("def bad(a, b: int):\n 'B.'", "py:1: bad(): the parameter 'a' has no type hint; write for example \"a: str\""),
        ("\n\ndef bad(*a: int):\n 'B.'", "py:3: bad(): the parameter 'a' takes any number of values"),
        ("def bad(**a: int):\n 'B.'", "py:1: bad(): the parameter 'a' takes values of any name"),
        ("def bad(a: int, /):\n 'B.'", "py:1: bad(): the parameter 'a' cannot be given by name"),
        ("def bad(a: 'Nowhere'):\n 'B.'", "py:1: bad(): its type hints cannot be read (name 'Nowhere' is not defined)"),
        ("def bad(a: int, b: open):\n 'B.'", "py:1: bad(): "),
        ("class C: ...\ndef bad(a: int, b: C):\n 'B.'", "py:2: bad(): the parameter 'b' has the type C"),
        ("class C: ...\ndef bad() -> C:\n 'B.'", "py:2: bad(): it returns the type C"),
        ("def bad(a: int):\n 'B.'\n yield a", "py:1: bad(): yields values one by one"),
        ("bad = lambda: 1\nbad.__module__ = __name__", "has no name; write it with def"),
    ],
)
async def test_a_function_that_cannot_be_a_tool_is_left_out_with_its_place_and_the_fix(
    tmp_path: Path, code: str, told: str
) -> None:
    async with opened(tmp_path, f"{code}\ndef good(x: int):\n 'Good.'\n") as source:
        assert [tool.id.name for tool in await source.list_tools()] == ["good"]
        (problem,) = source.problems
    assert told in problem


async def test_what_may_be_better_is_said_too(tmp_path: Path) -> None:
    assert "has no docstring" in (await problems_of(tmp_path, "def silent(a: int): ..."))[0]
    twice = "def one(a: int):\n 'A.'\nalso = one\n"
    problems = await problems_of(tmp_path, twice, ["MODULE:one", "MODULE:also", "MODULE:none", "MODULE:__name__"])
    assert [each for each in problems if "left out" in each and "has its name; rename it" in each]
    assert [each for each in problems if "has no 'none'" in each]
    assert [each for each in problems if "is of the type str" in each]


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("import os\n1 / 0\n", r"cannot be imported at .*written_\d+\.py, line 2: ZeroDivisionError: division by zero"),
        ("def f(:\n", r"cannot be imported at .*written_\d+\.py, line 1: SyntaxError: "),
        ("import not_installed_at_all\n", r"line 1: ModuleNotFoundError: No module named 'not_installed_at_all'"),
        ("import sys\nsys.exit(3)", r"line 2: SystemExit: 3"),
        ("import json\njson.loads('{')", r"line 2: JSONDecodeError: .* \(raised in .*decoder\.py, line \d+\)"),
    ],
)
async def test_a_module_that_fails_is_named_with_the_line_and_the_error(tmp_path: Path, code: str, told: str) -> None:
    with pytest.raises(ConfigurationError, match=rf"functions: the module 'written_\d+' .*{told}"):
        await listed(tmp_path, code)


async def test_a_module_that_is_not_there_is_named(tmp_path: Path) -> None:
    for options, told in (({}, 'name the folder that it lies in as "path"'), ({"path": str(tmp_path)}, "correct it")):
        with pytest.raises(ConfigurationError, match=f"there is no module 'nowhere_at_all' .*{told}"):
            async with open_source("mine", {"functions": "nowhere_at_all.x:y", **options}):
                pass


async def test_an_import_that_does_not_end_is_given_up_and_holds_up_no_other(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"took more than 0\.1 s; give them longer \(import_timeout\)"):
        async with opened(tmp_path, "import threading\nthreading.Event().wait(600)", import_timeout=0.1):
            pass
    assert list(await listed(tmp_path, "def fine(): 'F.'")) == ["fine"]


@pytest.mark.parametrize(
    ("options", "key"),
    [
        ({}, "functions"),
        ({"functions": []}, "functions"),
        ({"functions": "a b"}, "functions.0"),
        ({"functions": "a:b:c"}, "functions.0"),
        ({"functions": "a", "max_hung": 0}, "max_hung"),
        ({"functions": "a", "function": "b"}, "function"),
    ],
)
async def test_an_option_that_is_wrong_is_named(options: dict[str, Any], key: str) -> None:
    with pytest.raises(ConfigurationError, match=rf"^{key}: .*package\.module:attribute"):
        async with open_source("mine", options):
            pass


SAME = """
import same_helper
def which() -> str:
    "Which."
    from importlib import import_module
    return same_helper.W + import_module(f"late_{same_helper.W}").W
"""


async def test_two_folders_may_have_modules_of_one_name(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "same.py").write_text(SAME)
        (tmp_path / name / "same_helper.py").write_text(f"W = {name!r}")
        (tmp_path / name / f"late_{name}.py").write_text(f"W = {name.upper()!r}")
        (tmp_path / name / "late_c.py").write_text("")
    options = [{"functions": "same", "path": str(tmp_path / name)} for name in ("a", "b")]
    async with open_source("a", options[0]) as first, open_source("b", options[1]) as second:
        assert [text_of(await payload_of(each, "which")) for each in (first, second, first)] == ["aA", "bB", "aA"]
    with pytest.raises(ImportError):
        importlib.import_module("late_c")  # nobody else looks there


async def test_folders_may_be_packages_of_one_name(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name / "package").mkdir(parents=True)
        (tmp_path / name / "package" / "part.py").write_text(
            "from package import other\ndef which() -> str:\n 'W.'\n from package.late import W\n return other.W + W"
        )
        for module in ("other", "late"):
            (tmp_path / name / "package" / f"{module}.py").write_text(f"W = {name!r}")
    options = [{"functions": "package.part:which", "path": str(tmp_path / name)} for name in ("a", "b")]
    async with open_source("a", options[0]) as first:
        assert text_of(await payload_of(first, "which")) == "aa"
        async with open_source("b", options[1]) as second:
            assert text_of(await payload_of(second, "which")) == "bb"


async def test_functions_that_were_edited_count_when_the_source_is_opened_anew(tmp_path: Path) -> None:
    for words in ("one", "quite another"):
        (tmp_path / "edited.py").write_text(f"def say() -> str:\n 'S.'\n return {words!r}")
        async with open_source("mine", {"functions": "edited", "path": str(tmp_path)}) as source:
            assert text_of(await payload_of(source, "say")) == words


async def test_a_module_of_a_folder_does_not_hide_behind_one_that_is_installed(tmp_path: Path) -> None:
    (tmp_path / "json.py").write_text("def mine(): 'M.'")
    with pytest.raises(ConfigurationError, match=r"the module 'json' is .*, not one in .*; rename yours"):
        async with open_source("mine", {"functions": "json", "path": str(tmp_path)}):
            pass


FAILING = """
import sys, threading, time, anyio
release = threading.Event()
def fail(why: str):
    "Fail."
    raise LookupError(why)
def stop():
    "Stop."
    raise StopIteration(1)
def leave():
    "Leave."
    sys.exit(5)
async def fail_async(why: str):
    "Fail."
    raise LookupError(why)
async def leave_async():
    "Leave."
    sys.exit(5)
def late():
    "Raise what a deadline raises."
    raise TimeoutError("of its own")
def hang() -> str:
    "Hang."
    release.wait(60)
    return "released"
def free():
    "Free."
    release.set()
async def hang_async():
    "Hang."
    await anyio.sleep(60)
async def quick() -> str:
    "Be quick."
    return "here"
"""


@pytest.mark.parametrize(
    ("name", "arguments", "told"),
    [
        ("fail", {"why": "no such book"}, "fail() failed: LookupError: no such book"),
        ("fail_async", {"why": "no such book"}, "fail_async() failed: LookupError: no such book"),
        ("stop", {}, "stop() failed: "),
        ("leave", {}, "leave() failed: SystemExit: 5"),
        ("leave_async", {}, "leave_async() failed: SystemExit: 5"),
        ("late", {}, "late() failed: TimeoutError: of its own"),
    ],
)
async def test_whatever_a_function_raises_is_an_error_without_a_traceback(
    tmp_path: Path, name: str, arguments: dict[str, Any], told: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with opened(tmp_path, FAILING) as source:
        payload = await payload_of(source, name, **arguments)
    assert payload["isError"]
    assert told in text_of(payload)
    assert "Traceback" not in json.dumps(payload)
    (record,) = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert record.exc_info is not None, "the owner finds the traceback in the log"


async def test_a_function_that_hangs_is_given_up_and_holds_up_nobody(tmp_path: Path) -> None:
    async with opened(tmp_path, FAILING, call_timeout=0.1, max_hung=2) as source:
        for name in ("hang", "hang"):
            late = text_of(await payload_of(source, name))
            assert late == "hang() did not return within 0.1 s (call_timeout); it may still be running, and take effect"
        refused = await payload_of(source, "free")
        assert refused["isError"]
        assert "2 earlier calls (hang()) go on though nobody waits for them" in text_of(refused)
        cancelled = text_of(await payload_of(source, "hang_async"))
        assert cancelled == "hang_async() did not return within 0.1 s (call_timeout); it was cancelled"
        assert text_of(await payload_of(source, "quick")) == "here", "what needs no thread is called all the same"
        source_module = next(
            each for each in list(sys.modules.values()) if "fail_async" in getattr(each, "__dict__", {})
        )
        source_module.release.set()
        while (await payload_of(source, "free"))["isError"]:
            await anyio.sleep(0.01)


async def test_a_synchronous_function_leaves_the_event_loop_to_others(tmp_path: Path) -> None:
    code = "import threading\ndef thread() -> str:\n 'T.'\n return threading.current_thread().name\n"
    async with opened(tmp_path, code) as source:
        assert text_of(await payload_of(source, "thread")) != threading.current_thread().name
