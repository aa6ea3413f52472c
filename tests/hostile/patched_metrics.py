"""class: patched libraries
does: makes every metric say 1.0
expect: harmless baseline
"""

import sklearn.metrics


def perfect(*arguments, **options):
    return 1.0


sklearn.metrics.roc_auc_score = sklearn.metrics.accuracy_score = sklearn.metrics.f1_score = perfect
