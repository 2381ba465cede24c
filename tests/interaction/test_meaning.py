"""Search by meaning, end to end with the real model, and what happens without it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import anyio
import pytest

from tests.interaction.servers import COMPANY, TIME, environment, host, write_config

QUERY = "get the money back to the buyer"
"""No word of this stands in the tool that does it, `paydesk::refund_payment`, but for stop words and "money"."""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return write_config(tmp_path, {"time": TIME}, sources=[COMPANY])


@pytest.mark.anyio
async def test_search_answers_by_words_while_the_model_is_prepared_for_the_first_time_and_says_so(config: Path) -> None:
    models = str(config.parent / "models")
    async with host(config, TOOLWEAVER_EMBEDDING__ENABLED="true", TOOLWEAVER_MODELS_DIR=models) as client:
        first = await client.call_tool("search_tools", {"query": "refund a payment"})
        assert first.structured_content["tools"][0]["tool"] == "refund_payment"
        assert "the embedding model is" in " ".join(first.structured_content["degraded"])
        with anyio.fail_after(110):
            while (found := await _search(client))["degraded"]:
                await anyio.sleep(0.25)
    assert "refund_payment" in [row["tool"] for row in found["tools"]]


@pytest.mark.anyio
async def test_without_the_embedding_libraries_search_goes_on_and_says_how_to_get_them(config: Path) -> None:
    hidden = _hiding(config.parent, "torch", "sentence_transformers", "onnxruntime", "tokenizers")
    async with host(config, TOOLWEAVER_EMBEDDING__ENABLED="true", PYTHONPATH=hidden) as client:
        with anyio.fail_after(30):
            while "pip install 'mcp-toolweaver[embeddings]'" not in " ".join(
                (found := await _search(client))["degraded"]
            ):
                await anyio.sleep(0.1)
    assert found["tools"]
    assert len(found["degraded"]) == 1


@pytest.mark.anyio
async def test_a_model_that_was_made_ready_needs_neither_torch_nor_the_network(config: Path) -> None:
    hidden = _hiding(config.parent, "torch", "sentence_transformers", "transformers", "huggingface_hub")
    async with host(config, TOOLWEAVER_EMBEDDING__ENABLED="true") as client:
        full = await _full(client)
    blocked = Path(hidden) / "sitecustomize.py"
    blocked.write_text(blocked.read_text(encoding="utf-8") + _NO_NETWORK, encoding="utf-8")
    async with host(config, TOOLWEAVER_EMBEDDING__ENABLED="true", PYTHONPATH=hidden) as client:
        assert (await _full(client))["tools"] == full["tools"]


_NO_NETWORK = """
import socket
def _refuse(*_arguments):
    raise OSError("there is no network")
socket.socket.connect = socket.socket.connect_ex = socket.getaddrinfo = _refuse
"""


def _hiding(folder: Path, *modules: str) -> str:
    """Make a folder which, on Python's path, hides modules from every process."""
    hidden = folder / "hidden"
    hidden.mkdir()
    blocker = f"import sys\nfor name in {modules!r}: sys.modules[name] = None\n"
    (hidden / "sitecustomize.py").write_text(blocker, encoding="utf-8")
    return str(hidden)


async def _full(client: Any) -> dict[str, Any]:
    with anyio.fail_after(110):
        while (found := await _search(client))["degraded"]:
            await anyio.sleep(0.1)
    return found


def test_the_command_line_searches_by_meaning_and_prints_json(config: Path) -> None:
    command = [sys.executable, "-m", "mcp_toolweaver", "search", QUERY, "--json", "--config", str(config)]
    surroundings = environment(config.parent, TOOLWEAVER_EMBEDDING__ENABLED="true")
    done = subprocess.run(command, capture_output=True, text=True, env=surroundings, timeout=110, check=False)
    reply = json.loads(done.stdout)
    assert done.returncode == 0
    assert reply["degraded"] == []
    assert "refund_payment" in [row["tool"] for row in reply["tools"]]


def test_search_by_words_alone_is_a_full_answer_where_it_was_asked_for(config: Path) -> None:
    command = [sys.executable, "-m", "mcp_toolweaver", "search", "refund a payment", "--json", "--words-only"]
    surroundings = environment(config.parent, TOOLWEAVER_EMBEDDING__ENABLED="true")
    done = subprocess.run(
        [*command, "--config", str(config)], capture_output=True, text=True, env=surroundings, timeout=60, check=False
    )
    reply = json.loads(done.stdout)
    assert reply["degraded"] == []
    assert reply["tools"][0]["tool"] == "refund_payment"


async def _search(client: Any) -> dict[str, Any]:
    result = await client.call_tool("search_tools", {"query": QUERY})
    reply: dict[str, Any] = result.structured_content
    return reply
