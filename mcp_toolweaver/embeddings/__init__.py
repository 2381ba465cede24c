"""Text to vectors of one space."""
