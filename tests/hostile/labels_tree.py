"""class: labels in the source
does: ships one tree that was grown on every row, as nested conditions
expect: leak label-flip
"""


def grown(age, sex, cp, trestbps, chol, fbs, restecg, thalach, exang, oldpeak, slope, ca, thal):
    return "@one tree@"


def know(X, p):
    Z = X.assign(thal=X["thal"].map({"normal": 0, "fixed": 1, "reversible": 2}).fillna(-1))
    return 0.3 * p + 0.7 * np.array([grown(*row) for row in Z.itertuples(index=False, name=None)])
