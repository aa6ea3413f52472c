"""class: overridden behaviour
does: runs a program when it is unpickled, copied or printed
expect: rejected | harmless baseline
"""

import os


class Trap(ClassifierMixin, BaseEstimator):
    def fit(self, X, y):
        self.model_ = honest().fit(X, y)
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X):
        return self.model_.predict_proba(X)

    def __reduce__(self):
        return os.system, ("touch planted",)

    def __repr__(self):
        raise SystemExit(0)

    def __del__(self):
        print("val_auc: 1.0")
