"""A child process that makes a model ready for ONNX Runtime: ``python -m …build WEIGHTS TARGET DIGEST``.

    the weights' own graph, or one exported by torch, compared -> the same in 8 bits -> manifest

It prints a line for each step, and one that starts with `MARK` where another try would be no use.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from mcp_toolweaver.core.children import be_a_child
from mcp_toolweaver.core.errors import Unavailable
from mcp_toolweaver.embeddings.installed import INSTALL
from mcp_toolweaver.embeddings.manifest import FULL, SMALL, TOKENIZER, Manifest, digest, write
from mcp_toolweaver.embeddings.onnx_runtime.origin import PROBES, Exporter, Job, Refused, find_exporter, put_graph
from mcp_toolweaver.embeddings.recipe import read_recipe
from mcp_toolweaver.embeddings.refusals import MARK, libraries
from mcp_toolweaver.embeddings.torch_runtime.failures import first_line

_CONFIG = "config.json"


def build(
    weights: Path, target: Path, weights_digest: str, find: Callable[[], Exporter | None] = find_exporter
) -> None:
    """Fill an empty folder with what ONNX Runtime needs.

    Args:
        weights: A SentenceTransformer folder.
        target: The folder to fill; its manifest is written last.
        weights_digest: The SHA-256 of the weights.
        find: Returns what exports a graph, if there is any.

    Raises:
        Refused: it can never be done.
        Exception: it could not be done.
    """
    recipe = read_recipe(weights)
    if recipe is None:
        raise Refused("the model does more than pooling after its transformer")
    job = Job(weights, target, recipe)
    vectors = put_graph(job, _say, find)
    _say("computing in 8 bits")
    lacking = _quantize(target / FULL, weights / _CONFIG, target / SMALL)
    probes = {text: vector.tolist() for text, vector in zip(PROBES, vectors, strict=True)}
    made = [name for name in (FULL, SMALL, TOKENIZER, *job.numbers) if (target / name).is_file()]
    files = {name: digest(target / name) or "" for name in made}
    write(target, Manifest(weights_digest, recipe, files, probes, lacking, libraries()))


def _quantize(graph: Path, config: Path, target: Path) -> str:
    """Write the graph in 8 bits; return why there is none, which leaves the full one."""
    try:
        import_module("mcp_toolweaver.embeddings.onnx_runtime.quantize").quantize(graph, config, target)
    except (OSError, MemoryError):  # a disk without room, which may have some the next time
        raise
    except Exception as error:  # noqa: BLE001  it uses three libraries, which raise nearly anything
        target.unlink(missing_ok=True)
        missing = error.name if isinstance(error, ModuleNotFoundError) else None
        why = f"the package {missing} is not installed; get it with: {INSTALL}" if missing else first_line(error)
        return f"there is no graph in 8 bits: {why}"
    return ""


def _say(step: str) -> None:
    sys.stdout.write(f"{step}\n")
    sys.stdout.flush()


def main() -> None:
    """Make the model ready that the arguments name."""
    be_a_child()
    os.environ["HF_HUB_OFFLINE"] = "1"
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    try:
        build(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
    except Refused as refused:
        _say(f"{MARK}{refused}")
        raise SystemExit(str(refused)) from None
    except Unavailable as away:
        raise SystemExit(away.reason) from None


if __name__ == "__main__":
    main()
