"""Python functions as tools: found, imported, described and called."""
