"""The exact lane: which tools and servers a text names.

Reading order: `index` (the answer), `reading` (a text as runs of words), `words` (which words mean
little), `servers`, `aliases` and `usage` (what servers are called, and which mentions are clear),
`lookup` and `pieces` (a whole piece of text as a name), `prose` (names inside sentences),
`spelling` and `mistakes` (typos and beginnings), `current` (the index of the catalog as it is now).
"""

from mcp_toolweaver.search.names.current import CurrentNames
from mcp_toolweaver.search.names.index import Named, NameIndex

__all__ = ["CurrentNames", "NameIndex", "Named"]
