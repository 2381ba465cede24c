"""Models run by sentence-transformers and torch, on a GPU or the CPU. The only folder that imports them."""
