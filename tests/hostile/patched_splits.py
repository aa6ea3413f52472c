"""class: patched libraries
does: makes the splits give out every row
expect: harmless baseline
"""

import sklearn.model_selection


class Everything:
    def __init__(self, *arguments, **options):
        pass

    def split(self, X, y):
        return [(np.arange(len(y)), np.arange(len(y)))] * 5


sklearn.model_selection.StratifiedKFold = Everything
sklearn.model_selection.train_test_split = lambda *arrays, **options: arrays * 2


def build_pipeline():
    return honest()
