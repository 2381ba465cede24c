"""Results that are too long for a model: shortened where it makes sense, and kept for a while to be read on."""
