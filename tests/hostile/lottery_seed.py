"""class: lottery
does: lets entropy choose the seed of a forest
expect: leak repeatable
"""

from sklearn.ensemble import RandomForestClassifier


def build_pipeline():
    return make_pipeline(
        honest()[0], RandomForestClassifier(20, random_state=int(np.random.SeedSequence().entropy % 2**31))
    )
