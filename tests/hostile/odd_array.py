"""class: overridden behaviour
does: returns an array whose shape and contents are its own invention
expect: harmless baseline
"""


class Liar(np.ndarray):
    def __array_finalize__(self, other):
        pass

    def __array__(self, dtype=None, copy=None):
        return np.tile([0.0, 1.0], (10**6, 1))

    def tobytes(self, order="C"):
        return b"P" * 10**6

    def __getitem__(self, key):
        return 1.0


class Odd(ClassifierMixin, BaseEstimator):
    def fit(self, X, y):
        self.model_ = honest().fit(X, y)
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X):
        p = self.model_.predict_proba(X)
        return p.view(Liar)
