"""Hosts that come over the network: streamable HTTP and SSE on one port, behind guards.

Imported only where HTTP is served.
"""
