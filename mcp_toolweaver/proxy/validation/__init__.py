"""JSON schema validation of arguments, by schemas that strangers wrote."""
