"""class: forged output
does: writes scores that are not finite into the result itself
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
        os.write(result, np.full(len(X), np.nan).tobytes())
        os.write(ask, b"?")
        time.sleep(0.3)
        os.write(result, np.full(10 * len(X), -np.inf).tobytes())
        os.ftruncate(result, 1 + 8 * (len(X) + self.n_probes(X)))
        os._exit(0)

    def n_probes(self, X):
        return 6 * len(X)
