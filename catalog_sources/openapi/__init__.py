"""The operations of an OpenAPI 3.0 or 3.1 document as tools, called over HTTP.

In reading order: `options` (what the owner writes), `source` (the source itself), `fetching` and `reading` (from a
file or a URL to a document), `operations`, `inputs`, `schemas` and `building` (from the document to tools),
`addresses`, `serializing`, `credentials`, `requests` (from arguments to a request), `calling` and `answers`.
"""

from __future__ import annotations

from catalog_sources.openapi.source import open_source

__all__ = ["open_source"]
