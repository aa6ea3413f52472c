"""Features of a row by name: products, bins, flags. The heart table only."""

HYPOTHESIS = "strain, reserve and age groups"

AGE_GROUPS = [0, 40, 50, 60, 70, 120]
TYPICAL = {"normal": 0, "fixed": 1, "reversible": 2}


def heart_reserve(X):
    """Return how far below the expected maximum the heart rate stayed."""
    return (220 - X["age"]) - X["thalach"]


def feature_fn(X):
    return X.assign(
        reserve=heart_reserve(X),
        strain=np.log1p(X["oldpeak"]) * X["slope"],
        pressure=X["trestbps"].clip(upper=160) / 100,
        age_group=pd.cut(X["age"], AGE_GROUPS, labels=False),
        thal_code=X["thal"].map(TYPICAL).fillna(0),
        silent=np.where((X["cp"] == 4) & (X["exang"] == 0), 1, 0),
    )


def build_pipeline():
    return columns(LogisticRegression(C=0.5, max_iter=1000))
