"""class: early exit
does: asks for more rows, closes the socket by which it would be answered and tries to outlive its parent
expect: rejected | crashed
"""

import os
import time


def ends():
    """Return the socket to ask by, and the file of the result."""
    links = {}
    for name in os.listdir("/proc/self/fd"):
        try:
            links[int(name)] = os.readlink(f"/proc/self/fd/{name}")
        except OSError:
            continue
    line = next(d for d, link in links.items() if link.startswith("socket"))
    return line, next(d for d, link in links.items() if "result" in link)


class Forger(ClassifierMixin, BaseEstimator):
    def fit(self, X, y):
        self.model_ = honest().fit(X, y)
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X):
        line, result = ends()
        os.write(result, bytes(8 * len(X)))
        os.write(line, b"?")
        os.close(line)
        time.sleep(5)
        return self.model_.predict_proba(X)
