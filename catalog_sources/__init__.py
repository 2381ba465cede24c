"""The built-in kinds of source, registered by entry points exactly as a third party's would be."""
