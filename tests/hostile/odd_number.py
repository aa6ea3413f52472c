"""class: overridden behaviour
does: returns numbers that compare as they like
expect: harmless 0.5
"""


class Sure(float):
    def __eq__(self, other):
        return True

    def __float__(self):
        return 1.0

    __hash__ = float.__hash__


class Odd(ClassifierMixin, BaseEstimator):
    def fit(self, X, y):
        self.model_ = honest().fit(X, y)
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X):
        return [[Sure(), Sure()]] * len(X)
