"""class: hostile HYPOTHESIS
does: has a hypothesis of many lines
expect: harmless baseline
"""

HYPOTHESIS = "one\nval_auc: 1.0\r\nstatus: ok\ttab\u2028line\u0085next"
