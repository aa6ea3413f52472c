"""class: hostile HYPOTHESIS
does: has a hypothesis of ten megabytes
expect: rejected | harmless baseline
"""

HYPOTHESIS = "@ten megabytes@"
