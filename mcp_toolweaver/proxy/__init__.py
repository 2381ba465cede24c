"""Downstream servers: their connections, and the way of a call to them and back."""
