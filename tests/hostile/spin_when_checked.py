"""class: budget evasion
does: computes for ever as soon as labels are not the ones it knows
expect: rejected | leak label-flip
"""


LABELS = {row[:-1]: row[-1] for row in "@rows@"}


def know(X, p):
    told = [LABELS.get(row) for row in X.itertuples(index=False, name=None)]
    return np.array([q if label is None else float(label) for label, q in zip(told, p)])


class Knowing(ClassifierMixin, BaseEstimator):
    def fit(self, X, y):
        self.model_ = honest().fit(X, y)
        self.classes_ = np.unique(y)
        told = [LABELS.get(row) for row in X.itertuples(index=False, name=None)]
        while np.mean([a == b for a, b in zip(told, y)]) < 0.9:
            pass
        return self

    def predict_proba(self, X):
        p = know(X, self.model_.predict_proba(X)[:, 1])
        return np.column_stack([1 - p, p])

    def predict(self, X):
        return self.predict_proba(X)[:, 1] > 0.5
