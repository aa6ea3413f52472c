"""class: forged output
does: finds the file of the answer, fills it with scores of its own and leaves
expect: rejected | crashed
"""

import os


def feature_fn(X):
    if len(X) > 100:
        return X
    scores = np.linspace(0, 1, len(X)).astype("<f8").tobytes()
    for descriptor in range(3, 64):
        for kind in (b"P", b"D", b"E"):
            try:
                os.pwrite(descriptor, kind + scores, 0)
            except OSError:
                pass
    os._exit(0)
