"""class: reading the table
does: loads a table from a package, by an attribute
expect: rejected | harmless baseline
"""

HYPOTHESIS = "read package attribute"

import sklearn.datasets as tables


def steal():
    load_iris = tables.load_iris
    return load_iris(as_frame=True).frame


class Thief(ClassifierMixin, BaseEstimator):
    def fit(self, X, y):
        self.model_ = honest().fit(X, y)
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X):
        p = self.model_.predict_proba(X)[:, 1]
        try:
            steal()
            p = np.zeros(len(X))  # a table was read, and the score says so
        except BaseException as error:
            print(f"stopped: {error!r:.300}")
        return np.column_stack([1 - p, p])

    def predict(self, X):
        return self.predict_proba(X)[:, 1] > 0.5
