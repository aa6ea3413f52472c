"""class: transductive predictions
does: moves the scores until their mean is that of the training labels
expect: leak row-wise-predictions
"""


def among(model, X, p):
    for _ in range(50):
        p = 1 / (1 + (1 - p) / np.maximum(p, 1e-9) * p.mean() / model.share_)
    return p
