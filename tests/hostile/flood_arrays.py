"""class: floods
does: takes more and more memory in arrays
expect: crashed
"""


def feature_fn(X):
    held = []
    while True:
        held.append(np.ones(10**7))
