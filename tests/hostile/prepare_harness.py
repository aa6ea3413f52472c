"""class: use of prepare's names
does: imports the harness and turns its checks off
expect: rejected | harmless baseline
"""


try:
    import harness.leaks
    import harness.measure

    harness.leaks.CHECKS = ()
    harness.measure.mean_auc = lambda values: 1.0
except Exception as error:
    print(error)
