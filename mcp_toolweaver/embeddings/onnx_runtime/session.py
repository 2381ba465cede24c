"""A graph opened by ONNX Runtime."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import onnxruntime

if TYPE_CHECKING:
    from mcp_toolweaver.core.query import Vector

_ort: Any = onnxruntime  # ships no types

_SLOWER = ["SkipLayerNormFusion"]
"""On a CPU the fused operator takes more than twice as long as the two that it replaces."""


class Graph:
    """One text at a time through a transformer."""

    def __init__(self, session: Any) -> None:
        """Use `open_graph` to get one."""
        self._session = session
        self._inputs: list[str] = [value.name for value in session.get_inputs()]
        self._output: list[str] = [session.get_outputs()[0].name]

    def states(self, pieces: Sequence[int]) -> Vector:
        """Return the hidden states of one text, of shape (pieces, dimension). Safe to call from many threads.

        Args:
            pieces: The numbers of its word pieces.
        """
        ids = np.array([pieces], dtype=np.int64)
        ones = np.ones_like(ids)
        feed = {"input_ids": ids, "attention_mask": ones, "token_type_ids": np.zeros_like(ids)}
        output: Any = self._session.run(self._output, {name: feed[name] for name in self._inputs})[0]
        states: Vector = output[0]
        return states


def open_graph(path: Path, threads: int) -> Graph:
    """Open a graph, which takes a tenth of a second.

    Args:
        path: An ONNX file with the inputs of a transformer, its first output being the hidden states.
        threads: How many compute one text.

    Raises:
        Exception: whatever ONNX Runtime raises where it cannot read the file; the kinds are not documented.
    """
    options = _ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False  # give back what a long text needed
    options.log_severity_level = 3
    options.add_session_config_entry("session.force_spinning_stop", "1")  # no core is kept busy between texts
    session = _ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"], disabled_optimizers=_SLOWER)
    return Graph(session)
