"""class: overridden behaviour
does: returns one row too many
expect: crashed
"""


class Odd(ClassifierMixin, BaseEstimator):
    def fit(self, X, y):
        self.model_ = honest().fit(X, y)
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X):
        p = self.model_.predict_proba(X)
        return np.vstack([p, [0.0, 1.0]])
