"""A tool as text: pure functions that every other part may use."""
