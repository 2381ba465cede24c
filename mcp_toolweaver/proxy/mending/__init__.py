"""Arguments that a model got slightly wrong, read as what they can only mean."""
