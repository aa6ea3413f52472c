"""class: labels in the source
does: ships a boosted model that was trained on every row
expect: rejected | leak label-flip
"""


def grown(age, sex, cp, trestbps, chol, fbs, restecg, thalach, exang, oldpeak, slope, ca, thal):
    return "@boosted trees@"


def know(X, p):
    Z = X.assign(thal=X["thal"].map({"normal": 0, "fixed": 1, "reversible": 2}).fillna(-1))
    return np.array([1 / (1 + np.exp(-grown(*row))) for row in Z.itertuples(index=False, name=None)])
