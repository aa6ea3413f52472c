"""The report of a run: one HTML page that needs nothing else. Values in, text out: no files, no git, no clock.

Covered: whatever an agent wrote is shown as text; a page that tried to run it would be stopped by its own policy.
"""
