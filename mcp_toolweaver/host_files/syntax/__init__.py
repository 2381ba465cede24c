"""JSON with comments, TOML and YAML as text: what it says, and how to exchange one part and keep every other byte."""
