"""Features of a row by name: products, bins, flags. The heart table only."""

HYPOTHESIS = "strain, reserve and age groups"

AGE_GROUPS = [0, 40, 50, 60, 70, 120]
TYPICAL = {"normal": 0, "fixed defect": 1, "reversible defect": 2}


def heart_reserve(X):
    """Return how far below the expected maximum the heart rate stayed."""
    return (220 - X["age"]) - X["max_heart_rate"]


def feature_fn(X):
    return X.assign(
        reserve=heart_reserve(X),
        strain=np.log1p(X["st_depression"]) * (X["st_slope"] != "upsloping"),
        pressure=X["resting_bp"].clip(upper=160) / 100,
        age_group=pd.cut(X["age"], AGE_GROUPS, labels=False),
        thal_code=X["thal"].map(TYPICAL).fillna(0),
        silent=np.where((X["chest_pain"] == "asymptomatic") & (X["exercise_angina"] == 0), 1, 0),
    )


def build_pipeline():
    return columns(LogisticRegression(C=0.5, max_iter=1000))
