"""A kernel by random waves."""

from sklearn.kernel_approximation import RBFSampler


def build_pipeline():
    return columns(RBFSampler(gamma=0.02, n_components=60, random_state=0), LogisticRegression(max_iter=500))
