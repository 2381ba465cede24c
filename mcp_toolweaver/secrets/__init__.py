"""Where secrets are kept: in the keyring of the system, or in files for the owner's eyes only."""
