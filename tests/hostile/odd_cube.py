"""class: overridden behaviour
does: returns a cube
expect: crashed
"""


class Odd(ClassifierMixin, BaseEstimator):
    def fit(self, X, y):
        self.model_ = honest().fit(X, y)
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X):
        p = self.model_.predict_proba(X)
        return p[:, :, None]
