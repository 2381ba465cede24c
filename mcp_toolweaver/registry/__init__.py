"""The registry of MCP servers: what is in it, and how an entry of it is run."""
