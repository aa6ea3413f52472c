"""class: transductive predictions
does: turns scores into ranks among the rows it scores
expect: leak row-wise-predictions
"""


def among(model, X, p):
    return p.argsort().argsort() / len(p)
