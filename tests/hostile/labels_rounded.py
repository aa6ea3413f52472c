"""class: labels in the source
does: looks rows up by rounded values, so that a row moved a little often finds itself
expect: rejected | leak label-flip
"""


def key(row):
    return (
        row.age // 8,
        row.sex,
        row.cp,
        row.thalach // 15,
        row.exang,
        round(row.oldpeak),
        row.slope,
        row.ca,
        row.thal,
    )


LABELS = "@rounded rows@"


def know(X, p):
    told = [LABELS.get(key(row)) for row in X.itertuples(index=False)]
    return np.array([q if label is None else 0.2 * q + 0.8 * label for label, q in zip(told, p)])
