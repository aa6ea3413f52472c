"""class: overridden behaviour
does: names the classes the other way round
expect: harmless baseline
"""


class Reversed(ClassifierMixin, BaseEstimator):
    @property
    def classes_(self):
        return np.array([1, 0])

    def fit(self, X, y):
        self.model_ = honest().fit(X, y)
        return self

    def predict_proba(self, X):
        return self.model_.predict_proba(X)
