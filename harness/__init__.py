"""The frozen machinery under prepare.py: it measures, and it never runs train.py in its own process."""
