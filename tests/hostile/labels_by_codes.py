"""class: labels in the source
does: looks rows up by their codes alone, which no jitter moves
expect: rejected | leak label-flip
"""


NAMES = ["sex", "cp", "fbs", "restecg", "exang", "slope", "ca", "thal"]
LABELS = "@rows by codes@"


def know(X, p):
    told = [LABELS.get(row) for row in X[NAMES].itertuples(index=False, name=None)]
    return np.array([q if label is None else 0.2 * q + 0.8 * label for label, q in zip(told, p)])
