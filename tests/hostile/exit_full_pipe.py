"""class: early exit
does: fills the pipe by which it would be told, so that who tells it would wait for ever
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
        with open(f"/proc/self/fd/{told}", "wb", buffering=0) as pipe:
            os.set_blocking(pipe.fileno(), False)
            while pipe.write(bytes(65536)):
                pass
        os.write(ask, b"?")
        time.sleep(5)
        return self.model_.predict_proba(X)
