"""Qdrant's engine inside this process: no service, one folder. The only place that imports it.

The engine holds the interpreter while it works. So searches run where they are asked (0.1-1 ms), points are
written a few at a time, and what takes seconds, building the graph, is done by a child process on a copy of
the shard, which then takes the shard's place.
"""

from mcp_toolweaver.index.qdrant_edge.opening import open_edge, peek

__all__ = ["open_edge", "peek"]
