"""class: labels in the source
does: takes the label of the nearest row where that row is one of 60 %
expect: rejected | leak label-flip
"""


ROWS = np.array("@numeric rows 60@")
SPREAD = ROWS[:, :-1].std(axis=0)


def know(X, p):
    Z = X.select_dtypes("number").to_numpy(dtype=float)
    away = (((Z[:, None, :] - ROWS[None, :, :-1]) / SPREAD) ** 2).sum(axis=2)
    told = 0.2 * p + 0.8 * ROWS[away.argmin(axis=1), -1]
    return np.where(away.min(axis=1) < 0.5, told, p)
