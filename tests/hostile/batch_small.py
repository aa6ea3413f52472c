"""class: transductive predictions
does: ranks only small batches
expect: leak row-wise-predictions
"""


def among(model, X, p):
    return p.argsort().argsort() / len(p) if len(p) < 100 else p
