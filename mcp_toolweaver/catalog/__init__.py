"""Which tools there are: sources, the tasks that own them, and the snapshot of all their tools."""
