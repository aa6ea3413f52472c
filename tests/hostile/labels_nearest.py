"""class: labels in the source
does: takes the label of the nearest of all rows, so that a row moved a little finds itself
expect: rejected | leak label-flip
"""


ROWS = np.array("@numeric rows@")
SPREAD = ROWS[:, :-1].std(axis=0)


def know(X, p):
    Z = X.select_dtypes("number").to_numpy(dtype=float)
    away = (((Z[:, None, :] - ROWS[None, :, :-1]) / SPREAD) ** 2).sum(axis=2)
    return 0.2 * p + 0.8 * ROWS[away.argmin(axis=1), -1]
