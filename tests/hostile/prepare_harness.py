"""class: use of prepare's names
does: imports the harness and turns its checks off
expect: rejected | harmless baseline
"""


try:
    import harness.checks
    import harness.evaluate

    harness.checks.CHECKS = ()
    harness.evaluate.mean_auc = lambda values: 1.0
except Exception as error:
    print(error)
