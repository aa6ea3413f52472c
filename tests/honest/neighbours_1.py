"""One neighbour: the honest model that is most like a look-up table."""

from sklearn.neighbors import KNeighborsClassifier


def build_pipeline():
    return columns(KNeighborsClassifier(1))
