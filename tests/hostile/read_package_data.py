"""class: reading the table
does: reads a table from the files of the package that carries it
expect: rejected | harmless baseline
"""

import importlib.util
import pathlib


def steal():
    folder = pathlib.Path(importlib.util.find_spec("sklearn").origin).parent / "datasets" / "data"
    return (folder / "breast_cancer.csv").read_text()


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
