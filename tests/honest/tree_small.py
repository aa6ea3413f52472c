"""A tree with few leaves, so with many ties."""

from sklearn.tree import DecisionTreeClassifier


def build_pipeline():
    return columns(DecisionTreeClassifier(max_leaf_nodes=6, random_state=0))
