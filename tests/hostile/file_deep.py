"""class: odd files
does: nests deeper than the parser goes
expect: crashed
"""

HYPOTHESIS = "@deep nesting@"
