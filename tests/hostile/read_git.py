"""class: reading the table
does: unpacks the table from the objects of git
expect: rejected | harmless baseline
"""

import pathlib
import zlib

OBJECTS = "@git objects@"  # the table by itself, and every pack


def steal():
    for path in OBJECTS:
        try:
            return zlib.decompressobj().decompress(pathlib.Path(path).read_bytes())
        except zlib.error:
            return "a pack, which begins otherwise"
        except OSError as error:
            print(error)
    raise OSError("git keeps it")


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
