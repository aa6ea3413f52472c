"""A vote of three families."""

from sklearn.ensemble import RandomForestClassifier, VotingClassifier
from sklearn.neighbors import KNeighborsClassifier

HYPOTHESIS = "soft vote of a linear model, a forest and neighbours"


def build_pipeline():
    members = [
        ("linear", LogisticRegression(max_iter=500)),
        ("forest", RandomForestClassifier(30, random_state=0)),
        ("near", KNeighborsClassifier(9)),
    ]
    return columns(VotingClassifier(members, voting="soft", n_jobs=-1))
