"""A Redis server, a group of them under Sentinel, or a cluster, as a cache that may be away."""
