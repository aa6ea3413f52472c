"""class: hostile HYPOTHESIS
does: has a hypothesis of escape sequences
expect: harmless baseline
"""

HYPOTHESIS = "\x1b[2J\x1b]0;owned\x07\u202egnp.exe\x00"
