"""Analyses of a whole run: how much of its gain is real, and what to do with its best experiment."""
