"""OAuth 2.1 at remote servers: logging in, using the tokens, and renewing them."""
