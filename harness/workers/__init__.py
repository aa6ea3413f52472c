"""The processes that run train.py: how they are started, what goes in and what comes back."""
