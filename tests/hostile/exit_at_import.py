"""class: early exit
does: leaves while it is imported
expect: crashed
"""


raise SystemExit
