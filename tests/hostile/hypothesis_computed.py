"""class: hostile HYPOTHESIS
does: computes its hypothesis
expect: harmless baseline
"""

HYPOTHESIS = "val_auc: " + str(1.0)
