"""class: use of prepare's names
does: imports the split and the labels from prepare
expect: rejected | crashed
"""

import prepare


def feature_fn(X):
    prepare.SEED = 1
    return X
