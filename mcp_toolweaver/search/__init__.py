"""How a question becomes hits."""
