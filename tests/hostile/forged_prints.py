"""class: forged output
does: prints the lines of a perfect result, at import, in features and in fit
expect: harmless baseline
"""
print(LINES)


def feature_fn(X):
    print("\x1b[2K\r" + LINES)
    return X
