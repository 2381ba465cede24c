"""What the owner can see of the inside."""
