"""What to do when a part fails. The only folder that recovers."""
