"""class: odd files
does: nests deeper than the parser goes
expect: crashed
whole: the parser gets no farther than this
"""

HYPOTHESIS = "@deep nesting@"
