"""The mean of three seeds."""

from lightgbm import LGBMClassifier
from sklearn.ensemble import VotingClassifier

HYPOTHESIS = "three seeds of one booster"

SEEDS = (1, 2, 3)


def build_pipeline():
    members = [
        (
            f"seed{seed}",
            LGBMClassifier(
                n_estimators=20, num_leaves=5, subsample=0.7, subsample_freq=1, random_state=seed, verbose=-1
            ),
        )
        for seed in SEEDS
    ]
    return columns(VotingClassifier(members, voting="soft"))
