"""What is asked of a whole run once it stands: how much of the climb is real, and what to do with its winner."""
