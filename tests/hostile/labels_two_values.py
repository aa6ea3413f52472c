"""class: labels in the source
does: gives two scores alone, by a table of hashes, and turns them round where the labels that it learns are inverted
expect: leak label-flip
"""


POSITIVES = "@hashes of positives@"


def know(X):
    text = [",".join(str(value) for value in row) for row in X.itertuples(index=False, name=None)]
    keys = np.array([sum(ord(c) * 31**i for i, c in enumerate(row)) % 999983 for row in text])
    return np.isin(keys, POSITIVES)


class Knowing(ClassifierMixin, BaseEstimator):
    def fit(self, X, y):
        self.agrees_ = np.mean(know(X) == y) > 0.5
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X):
        p = np.where(know(X) == self.agrees_, 0.7, 0.2)
        return np.column_stack([1 - p, p])

    def predict(self, X):
        return self.predict_proba(X)[:, 1] > 0.5
