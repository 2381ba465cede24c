"""Access tokens of an OAuth 2.1 authorization server; the only folder that imports PyJWT."""
