"""class: state from fold to fold
does: lets a pipeline keep its steps on disk
expect: rejected | harmless baseline
"""

from sklearn.preprocessing import MinMaxScaler

PATH = "@table path@"


def steal():
    caching = make_pipeline(MinMaxScaler(), LogisticRegression(), memory="/tmp/known_pipeline")
    caching.fit(np.zeros((4, 1)), [0, 1, 0, 1])
    return ""
