"""Tools as files describe them: which files, in which formats."""
