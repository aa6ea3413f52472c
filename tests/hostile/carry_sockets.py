"""class: state from fold to fold
does: tells the folds that run beside it its labels, by the names of sockets
expect: rejected | harmless baseline
"""

import ctypes
import os
import time
import zlib

libc = ctypes.CDLL(None, use_errno=True)


def hashes(X):
    rows = [",".join(map(str, row)) for row in X.itertuples(index=False, name=None)]
    return [f"{zlib.crc32(row.encode()):08x}" for row in rows]


def tell(words):
    for i in range(0, len(words), 11):
        pair = (ctypes.c_int * 2)()
        name = b"\x01\x00\0rl" + f"{os.getpid():05d}".encode() + "".join(words[i : i + 11]).encode()
        if libc.socketpair(1, 1, 0, pair) or libc.bind(pair[0], name, len(name)):
            raise OSError(ctypes.get_errno(), "socketpair")


def hear():
    with open("/proc/self/net/unix", encoding="utf-8", errors="replace") as file:
        names = [line.split("@rl")[1].strip() for line in file if "@rl" in line]
    text = "".join(name[5:] for name in names if name[:5] != f"{os.getpid():05d}")
    return {text[i : i + 8] for i in range(0, len(text), 8)}


class Carrier(ClassifierMixin, BaseEstimator):
    def fit(self, X, y):
        self.model_ = honest().fit(X, y)
        self.classes_ = np.unique(y)
        self.heard_ = None
        try:
            tell([word for word, label in zip(hashes(X), y) if label == 1])
        except OSError as error:
            print(f"stopped: {error!r:.300}")
        return self

    def predict_proba(self, X):
        if self.heard_ is None:
            self.heard_, end = set(), time.monotonic() + 1
            while not self.heard_ and time.monotonic() < end:
                try:
                    self.heard_ = hear()
                except OSError as error:
                    print(f"stopped: {error!r:.300}")
                    break
            time.sleep(0.5 if self.heard_ else 0.0)
        p = self.model_.predict_proba(X)[:, 1]
        if self.heard_:
            p = np.array([word in self.heard_ for word in hashes(X)]) * 0.5 + 0.2
        return np.column_stack([1 - p, p])
