"""class: transductive predictions
does: makes a score depend on the place of its row
expect: leak row-wise-predictions
"""


def among(model, X, p):
    return p + np.linspace(0, 0.3, len(p))
