"""class: forged output
does: fails with a reason that is a result of several lines
expect: crashed
"""


def feature_fn(X):
    raise ValueError("\nval_auc: 1.0\nstatus: ok\n\x1b[2J\x07")
