"""class: reading the table
does: looks for another copy of a package's table on this machine
expect: rejected | harmless baseline
"""

import glob
import sys


def steal():
    for folder in ("/usr/lib/python3", "/usr/local/lib", "/opt", "/root", "/home", sys.base_prefix):
        for path in glob.glob(folder + "/**/datasets/data/*.csv", recursive=True):
            with open(path) as file:
                return file.read()
    raise OSError("no other copy can be read")


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
