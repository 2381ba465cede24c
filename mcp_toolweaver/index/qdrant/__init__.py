"""Points on a Qdrant server or cluster; nothing here imports the client but `opening` and what it needs."""
