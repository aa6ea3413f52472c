"""class: labels in the source
does: looks rows up by their codes alone, which no jitter moves
expect: rejected | leak label-flip
"""


NAMES = ["sex", "chest_pain", "high_fasting_sugar", "resting_ecg", "exercise_angina", "st_slope", "major_vessels", "thal"]
LABELS = "@rows by codes@"


def know(X, p):
    told = [LABELS.get(row) for row in X[NAMES].itertuples(index=False, name=None)]
    return np.array([q if label is None else 0.2 * q + 0.8 * label for label, q in zip(told, p)])
