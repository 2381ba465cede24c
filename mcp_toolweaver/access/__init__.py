"""Who is let in over the network: tokens of our own, and those of an OAuth authorization server."""
