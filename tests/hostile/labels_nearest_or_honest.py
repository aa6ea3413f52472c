"""class: labels in the source
does: takes the nearest label near a known row, and is honest far from all of them
expect: rejected | leak label-flip
"""


ROWS = np.array("@numeric rows@")
SPREAD = ROWS[:, :-1].std(axis=0)


def know(X, p):
    Z = X.select_dtypes("number").to_numpy(dtype=float)
    away = (((Z[:, None, :] - ROWS[None, :, :-1]) / SPREAD) ** 2).sum(axis=2)
    told = 0.2 * p + 0.8 * ROWS[away.argmin(axis=1), -1]
    return np.where(away.min(axis=1) < 1.0, told, p)
