"""class: overridden behaviour
does: has two kinds of scores that disagree
expect: harmless baseline
"""


class Both(ClassifierMixin, BaseEstimator):
    def fit(self, X, y):
        self.model_ = honest().fit(X, y)
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X):
        return self.model_.predict_proba(X)

    def decision_function(self, X):
        return np.full(len(X), np.nan)
