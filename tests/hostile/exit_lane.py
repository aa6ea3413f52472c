"""class: early exit
does: closes the pipe by which it would be told, asks for more rows and wishes to outlive its parent
expect: rejected | crashed
"""

import os
import time


class Forger(ClassifierMixin, BaseEstimator):
    def fit(self, X, y):
        self.model_ = honest().fit(X, y)
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X):
        ask, told, result = ends()
        os.write(result, bytes(8 * len(X)))
        os.close(told)
        os.write(ask, b"?")
        time.sleep(5)
        return self.model_.predict_proba(X)
