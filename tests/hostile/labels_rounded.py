"""class: labels in the source
does: looks rows up by rounded values, so that a row moved a little often finds itself
expect: rejected | leak label-flip
"""


def key(row):
    return (
        row.age // 8,
        row.sex,
        row.chest_pain,
        row.max_heart_rate // 15,
        row.exercise_angina,
        round(row.st_depression),
        row.st_slope,
        row.major_vessels,
        row.thal,
    )


LABELS = "@rounded rows@"


def know(X, p):
    told = [LABELS.get(key(row)) for row in X.itertuples(index=False)]
    return np.array([q if label is None else 0.2 * q + 0.8 * label for label, q in zip(told, p)])
