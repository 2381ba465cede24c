"""What the import rules cannot say."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MODULES = sorted([*(ROOT / "mcp_toolweaver").rglob("*.py"), *(ROOT / "catalog_sources").rglob("*.py")])
CORE = sorted((ROOT / "mcp_toolweaver" / "core").glob("*.py"))

PRODUCTS = {
    "torch": "mcp_toolweaver/embeddings/torch_runtime/",
    "sentence_transformers": "mcp_toolweaver/embeddings/torch_runtime/",
    "onnxruntime": "mcp_toolweaver/embeddings/onnx_runtime/",
    "onnx": "mcp_toolweaver/embeddings/onnx_runtime/",
    "tokenizers": "mcp_toolweaver/embeddings/onnx_runtime/",
    "huggingface_hub": "mcp_toolweaver/embeddings/hub.py",
    "rank_bm25": "mcp_toolweaver/index/bm25.py",
    "sqlite3": "mcp_toolweaver/cache/file.py",
    "jsonschema": "mcp_toolweaver/proxy/validation/",
    "rapidfuzz": "mcp_toolweaver/text/closeness.py",
    "snowballstemmer": "mcp_toolweaver/text/tokenize.py",
    "qdrant_client": "mcp_toolweaver/index/qdrant/",
    "qdrant_edge": "mcp_toolweaver/index/qdrant_edge/",
    "redis": "mcp_toolweaver/cache/redis/",
    "jwt": "mcp_toolweaver/access/oauth/",
    "keyring": "mcp_toolweaver/secrets/keyring.py",
}
"""The one file that imports a product, or the one folder."""

LONGEST_FILE = 250


def _imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


def _id(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", CORE, ids=_id)
def test_core_imports_the_standard_library_and_anyio_only(path: Path) -> None:
    """The exception, numpy, appears for type checkers alone, under ``TYPE_CHECKING``."""
    allowed = {*sys.stdlib_module_names, "anyio", "mcp_toolweaver", "numpy"}
    assert {name.split(".")[0] for name in _imports(path)} <= allowed


HEAVY = (
    "numpy",
    "rank_bm25",
    "jsonschema",
    "snowballstemmer",
    "rapidfuzz",
    "torch",
    "sentence_transformers",
    "onnxruntime",
    "onnx",
    "tokenizers",
    "huggingface_hub",
    "qdrant_client",
    "qdrant_edge",
    "redis",
    "jwt",
    "keyring",
)


@pytest.mark.parametrize(
    "modules",
    [
        "mcp_toolweaver.core.interfaces",
        (
            "mcp_toolweaver.cli.main, mcp_toolweaver.cli.serving, mcp_toolweaver.cli.configuring, "
            "mcp_toolweaver.app, mcp_toolweaver.server.gateway, mcp_toolweaver.server.stdio"
        ),
    ],
    ids=["core", "serve"],
)
def test_nothing_heavy_is_imported_before_the_handshake(modules: str) -> None:
    code = f"import sys, {modules}; print(*[name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


@pytest.mark.parametrize("product", PRODUCTS)
def test_a_product_is_imported_in_one_place(product: str) -> None:
    users = [_id(path) for path in MODULES if any(name.split(".")[0] == product for name in _imports(path))]
    place = PRODUCTS[product]
    assert users
    assert [user for user in users if user != place and not (place.endswith("/") and user.startswith(place))] == []


@pytest.mark.parametrize("path", MODULES, ids=_id)
def test_a_file_holds_one_idea(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= LONGEST_FILE
    assert ast.get_docstring(ast.parse(text)), "says in its first line what it is"


@pytest.mark.parametrize("path", sorted((ROOT / "catalog_sources").rglob("*.py")), ids=_id)
def test_sources_import_public_names_only(path: Path) -> None:
    internal = [name for name in _imports(path) if name.startswith("mcp_toolweaver.")]
    assert internal == []


@pytest.mark.parametrize("path", MODULES, ids=_id)
def test_threads_are_started_behind_one_door(path: Path) -> None:
    """What waits without an end, for input or for a process, has a thread of its own, since it cannot be cancelled."""
    door = "mcp_toolweaver/core/threads.py"
    readers = {"mcp_toolweaver/proxy/guard.py", "mcp_toolweaver/server/host_pipes.py"}
    text = path.read_text(encoding="utf-8")
    assert "to_thread.run_sync" not in text or _id(path) == door
    assert "threading.Thread(" not in text or _id(path) in {door, *readers}


def test_nothing_is_pickled_or_evaluated() -> None:
    banned = {"pickle", "dill", "cloudpickle", "marshal", "shelve"}
    for path in MODULES:
        assert not banned & {name.split(".")[0] for name in _imports(path)}, _id(path)
