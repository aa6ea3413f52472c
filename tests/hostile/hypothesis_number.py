"""class: hostile HYPOTHESIS
does: has a number for a hypothesis
expect: harmless baseline
"""

HYPOTHESIS = 1.0
