"""What is stored of each tool, and how it is matched."""
