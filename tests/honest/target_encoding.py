"""Target encoding inside the pipeline, with inner folds."""

from sklearn.preprocessing import KBinsDiscretizer, TargetEncoder


def build_pipeline():
    return columns(
        KBinsDiscretizer(5, encode="ordinal", quantile_method="averaged_inverted_cdf"),
        TargetEncoder(cv=3, random_state=0),
        LogisticRegression(max_iter=500),
    )
