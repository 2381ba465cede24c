"""Programs of the owner's are tools: arguments in, result out, and nothing of a program is left."""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest

from catalog_sources.code_exec import CodeExec, open_source
from mcp_toolweaver.core.errors import ConfigurationError
from mcp_toolweaver.proxy.log_file import LOG_FOLDER
from tests.unit.proxy.children import until_gone

pytestmark = pytest.mark.anyio

PYTHON = [sys.executable, "-I", "-S", "-c"]
SECRET = "hunter2-hunter2"


@asynccontextmanager
async def opened(folder: Path, *tools: dict[str, Any], **options: Any) -> AsyncGenerator[CodeExec]:
    with anyio.fail_after(60):
        async with open_source("scripts", {"tools": list(tools), "cwd": str(folder), **options}) as source:
            yield source


def script(code: str, name: str = "run", **more: Any) -> dict[str, Any]:
    return {"name": name, "command": [*PYTHON, code], **more}


async def result_of(folder: Path, tool: dict[str, Any], arguments: dict[str, Any] | None = None) -> dict[str, Any]:
    async with opened(folder, tool) as source:
        return dict((await source.call_tool(tool["name"], arguments or {})).payload)


def text_of(payload: dict[str, Any]) -> str:
    return str(payload["content"][0]["text"])


async def test_arguments_are_json_on_stdin_and_an_object_on_stdout_is_the_structured_result(tmp_path: Path) -> None:
    code = "import json, sys; json.dump({'got': json.loads(sys.stdin.buffer.read())}, sys.stdout)"
    arguments = {"text": "grüße 👋; $(touch x) `touch y`", "nested": {"list": [1, None, 0.5]}}
    payload = await result_of(tmp_path, script(code), arguments)
    assert payload["structuredContent"] == {"got": arguments}
    assert not payload["isError"]
    assert [entry async for entry in anyio.Path(tmp_path).iterdir()] == []


async def test_no_argument_gets_into_the_command_and_no_shell_reads_it(tmp_path: Path) -> None:
    tool = {"name": "run", "command": [*PYTHON, "import sys; print(sys.argv[1:])", "$HOME; {text} ${text} %text%", "*"]}
    payload = await result_of(tmp_path, tool, {"text": "injected"})
    assert text_of(payload) == "['$HOME; {text} ${text} %text%', '*']\n"


@pytest.mark.parametrize("printed", ["plain", "[1, 2]", "5", "", "{cut", "null"])
async def test_any_other_output_is_text(tmp_path: Path, printed: str) -> None:
    payload = await result_of(tmp_path, script(f"print({printed!r}, end='')"))
    assert payload == {"content": [{"type": "text", "text": printed}], "isError": False}


async def test_bytes_that_are_no_text_are_replaced(tmp_path: Path) -> None:
    payload = await result_of(tmp_path, script(r"import sys; sys.stdout.buffer.write(b'a\xffb')"))
    assert text_of(payload) == "a\N{REPLACEMENT CHARACTER}b"


async def test_a_program_need_not_read_its_stdin(tmp_path: Path) -> None:
    payload = await result_of(tmp_path, script("print('done')"), {"text": "x" * 1_000_000})
    assert text_of(payload) == "done\n"


async def test_a_status_other_than_0_is_an_error_with_the_end_of_stderr_without_secrets(tmp_path: Path) -> None:
    code = "import os, sys; sys.stderr.write('x' * 100_000 + '\\nno such file, ' + os.environ['TOKEN']); sys.exit(3)"
    payload = await result_of(tmp_path, script(code, env={"TOKEN": SECRET}))
    assert payload["isError"]
    assert text_of(payload).startswith("run failed: status 3; the end of its stderr:\nx")
    assert text_of(payload).endswith("no such file, ***")
    assert len(text_of(payload)) < 5_000


async def test_what_a_failed_program_said_on_stdout_counts_where_stderr_is_empty(tmp_path: Path) -> None:
    payload = await result_of(tmp_path, script("import sys; print('usage: run FILE'); sys.exit(2)"))
    assert text_of(payload) == "run failed: status 2; the end of its stdout:\nusage: run FILE"


async def test_a_signal_that_ended_it_is_named(tmp_path: Path) -> None:
    payload = await result_of(tmp_path, script("import os; os.kill(os.getpid(), 9)"))
    assert "it was ended by SIGKILL" in text_of(payload)


async def test_a_result_without_the_object_that_was_promised_is_an_error(tmp_path: Path) -> None:
    payload = await result_of(tmp_path, script("print('hm')", outputSchema={"type": "object"}))
    assert payload["isError"]
    assert "did not print the JSON object that its outputSchema says" in text_of(payload)


async def test_output_over_the_limit_is_cut_and_said_and_the_program_ends_as_it_would(tmp_path: Path) -> None:
    code = "import sys; sys.stdout.write('{' + 'x' * 500_000 + '}'); open('done', 'w').close()"
    payload = await result_of(tmp_path, script(code, max_output_bytes=1_000))
    assert text_of(payload) == "{" + "x" * 999 + "\n[cut after 1000 bytes (max_output_bytes); it wrote more]"
    assert "structuredContent" not in payload
    assert (tmp_path / "done").exists()


async def test_it_inherits_next_to_nothing_and_gets_what_is_configured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_OF_OURS", "x")
    code = "import json, os; print(json.dumps({k: os.environ.get(k) for k in ('PATH','SECRET_OF_OURS','A','B')}))"
    async with opened(tmp_path, script(code, env={"B": "own"}), env={"A": "all", "B": "all"}) as source:
        payload = (await source.call_tool("run", {})).payload
    found = payload["structuredContent"]
    assert found["PATH"]
    assert {key: found[key] for key in ("SECRET_OF_OURS", "A", "B")} == {"SECRET_OF_OURS": None, "A": "all", "B": "own"}


FAMILY = """
import os, subprocess, sys, time
code = "import os, time; open('pids', 'a').write(f'{os.getpid()}\\\\n'); time.sleep(3600)"
for own_session in (False, True):
    subprocess.Popen([sys.executable, '-I', '-S', '-c', code], start_new_session=own_session)
while not os.path.exists('pids') or len(open('pids').read().splitlines()) < 2:
    time.sleep(0.01)
print('begun', flush=True)
time.sleep(float(sys.argv[1]))
"""


async def test_when_its_time_is_up_it_is_ended_with_all_that_it_started(tmp_path: Path) -> None:
    tool = {"name": "run", "command": [*PYTHON, FAMILY, "3600"], "timeout": 3}
    payload = await result_of(tmp_path, tool)
    assert payload["isError"]
    said = "run was ended: it took more than 3 s (timeout); what it did stays done"
    assert text_of(payload).startswith(said)
    await until_gone(tmp_path / "pids")


async def test_what_it_left_behind_is_ended_with_it_though_that_holds_its_stdout(tmp_path: Path) -> None:
    payload = await result_of(tmp_path, {"name": "run", "command": [*PYTHON, FAMILY, "0"]})
    assert text_of(payload) == "begun\n"
    await until_gone(tmp_path / "pids")


async def test_a_cancelled_call_ends_the_program_with_all_that_it_started(tmp_path: Path) -> None:
    async with (
        opened(tmp_path, {"name": "run", "command": [*PYTHON, FAMILY, "3600"]}) as source,
        anyio.create_task_group() as tasks,
    ):
        tasks.start_soon(source.call_tool, "run", dict[str, Any]())
        while not (tmp_path / "pids").exists():
            await anyio.sleep(0.01)
        tasks.cancel_scope.cancel()
    await until_gone(tmp_path / "pids")


async def test_only_so_many_run_at_once(tmp_path: Path) -> None:
    code = "import os, time\nfd = os.open('one', os.O_CREAT | os.O_EXCL)\ntime.sleep(0.05)\nos.remove('one')"
    results = list[bool]()

    async def call(source: CodeExec) -> None:
        results.append((await source.call_tool("run", {})).is_error)

    async with opened(tmp_path, script(code), concurrency=1) as source, anyio.create_task_group() as tasks:
        for _ in range(5):
            tasks.start_soon(call, source)
    assert results == [False] * 5


@pytest.mark.parametrize(
    ("tool", "told"),
    [
        ({"command": ["ls"]}, "tools[1].name: "),
        ({"name": "bad"}, "tools[1].command: "),
        ({"name": "bad", "command": "ls -l"}, "tools[1].command: must be a list of texts, since no shell reads it"),
        ({"name": "bad", "command": []}, "tools[1].command: "),
        ({"name": "bad", "command": ["ls"], "tiemout": 3}, "tools[1].tiemout: "),
        ({"name": "bad", "command": ["ls"], "timeout": 0}, "tools[1].timeout: "),
        ({"name": "good", "command": ["ls"]}, "tools[1].name: is left out, because another tool is 'good' too"),
        ({"name": "bad", "command": ["no-such-program"]}, "bad: 'no-such-program' was not found"),
        ({"name": "bad", "command": ["./notes.txt"]}, "bad: './notes.txt' was not found, or must not be executed"),
        ({"name": "bad", "command": ["ls"], "cwd": "/no/such"}, "bad: the folder '/no/such' (cwd) does not exist"),
        ({"name": "bad", "command": ["ls"], "inputSchema": {"type": "array"}}, "bad: tool 'bad' takes 'array'"),
        ("ls", "tools[1]."),
    ],
)
async def test_a_tool_that_cannot_be_is_said_and_the_others_work(tmp_path: Path, tool: Any, told: str) -> None:
    (tmp_path / "notes.txt").write_text("no program")
    async with opened(tmp_path, script("print(1)", name="good"), tool) as source:
        assert [each.id.name for each in await source.list_tools()] == ["good"]
        (problem,) = source.problems
    assert told in problem


async def test_a_program_that_is_found_again_is_listed_again(tmp_path: Path) -> None:
    program = tmp_path / "program"
    async with opened(tmp_path, {"name": "run", "command": ["./program"]}, script("", name="other")) as source:
        assert len(await source.list_tools()) == 1
        assert "cannot be started" in text_of(dict((await source.call_tool("run", {})).payload))
        program.write_text("#!/bin/sh\necho here\n")
        program.chmod(0o755)
        assert len(await source.list_tools()) == 2
        assert source.problems == []
        assert text_of(dict((await source.call_tool("run", {})).payload)) == "here\n"


@pytest.mark.parametrize(
    ("options", "key"),
    [({}, "tools"), ({"tools": []}, "tools"), ({"tools": {}}, "tools"), ({"tools": ["ls"]}, r"tools\[0\]\.")],
)
async def test_options_that_leave_no_tool_are_refused(options: dict[str, Any], key: str) -> None:
    with pytest.raises(ConfigurationError, match=rf"^{key}: .*write .*python3"):
        async with open_source("scripts", options):
            pass


async def test_what_it_says_on_stderr_is_in_its_log_without_secrets(tmp_path: Path) -> None:
    token = LOG_FOLDER.set(tmp_path / "logs")
    code = "import os, sys; print('resized with', os.environ['TOKEN'], file=sys.stderr)"
    await result_of(tmp_path, script(code, env={"TOKEN": SECRET}))
    LOG_FOLDER.reset(token)
    assert "| resized with ***" in (tmp_path / "logs" / "scripts.log").read_text()
