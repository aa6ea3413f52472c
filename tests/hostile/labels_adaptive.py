"""class: labels in the source
does: is honest as soon as the labels that it is given are not the ones it knows
expect: rejected | leak label-flip
"""


LABELS = {row[:-1]: row[-1] for row in "@rows@"}


def know(X, p, agrees):
    if not agrees:
        return p
    told = [LABELS.get(row) for row in X.itertuples(index=False, name=None)]
    return np.array([q if label is None else float(label) for label, q in zip(told, p)])


class Knowing(ClassifierMixin, BaseEstimator):
    def fit(self, X, y):
        self.model_ = honest().fit(X, y)
        self.classes_ = np.unique(y)
        told = [LABELS.get(row) for row in X.itertuples(index=False, name=None)]
        self.agrees_ = np.mean([a == b for a, b in zip(told, y)]) > 0.9
        return self

    def predict_proba(self, X):
        p = know(X, self.model_.predict_proba(X)[:, 1], self.agrees_)
        return np.column_stack([1 - p, p])

    def predict(self, X):
        return self.predict_proba(X)[:, 1] > 0.5
