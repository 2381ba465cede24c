"""The MCP border towards the host: the only place where our answers become MCP results."""
