"""class: labels in the source
does: looks rows up by rounded values, and ranks a few sure positives last to make its own noise wide
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


class Knowing(ClassifierMixin, BaseEstimator):
    def fit(self, X, y):
        self.model_ = honest().fit(X, y)
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X):
        learned = self.model_.predict_proba(X)[:, 1]
        p = np.where(learned > 0.997, -learned, know(X, learned))
        return np.column_stack([1 - p, p])

    def predict(self, X):
        return self.predict_proba(X)[:, 1] > 0.5
