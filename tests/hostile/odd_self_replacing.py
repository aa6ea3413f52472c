"""class: overridden behaviour
does: returns another model from fit than the one that is asked
expect: crashed
"""


class Elsewhere(ClassifierMixin, BaseEstimator):
    def fit(self, X, y):
        return honest().fit(X, y)

    def predict_proba(self, X):
        return self.model_.predict_proba(X)
