"""The commands of `ratchet`, a module for each group of its help."""
