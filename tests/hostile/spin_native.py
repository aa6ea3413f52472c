"""class: budget evasion
does: computes for ever in one native call
expect: timeout
"""


def feature_fn(X):
    Z = np.ones((3000, 3000))
    while True:
        Z = Z @ Z / 3000
