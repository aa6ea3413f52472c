"""Steps that hand frames to one another."""

from sklearn.preprocessing import RobustScaler

HYPOTHESIS = "frames all the way"


def build_pipeline():
    return columns(RobustScaler(), LogisticRegression(max_iter=500)).set_output(transform="pandas")
