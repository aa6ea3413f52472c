"""Logits of four models, weighted by their own cross-validation."""

from scipy.special import expit, logit
from sklearn.base import clone
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import PowerTransformer
from xgboost import XGBClassifier

HYPOTHESIS = "Averaging in logit space weighted by inner CV should help because bad members count less"


class LogitBlend(BaseEstimator, ClassifierMixin):
    def __init__(self, members, cv=3, power=4):
        self.members, self.cv, self.power = members, cv, power

    def fit(self, X, y):
        from sklearn.model_selection import cross_val_score

        self.classes_ = np.unique(y)
        scores = np.array(
            [cross_val_score(clone(m), X, y, cv=self.cv, scoring="roc_auc").mean() for _, m in self.members]
        )
        w = np.maximum(scores - 0.5, 1e-3) ** self.power
        self.weights_ = w / w.sum()
        self.fitted_ = [clone(m).fit(X, y) for _, m in self.members]
        return self

    def predict_proba(self, X):
        z = sum(
            w * logit(np.clip(m.predict_proba(X)[:, 1], 1e-4, 1 - 1e-4))
            for w, m in zip(self.weights_, self.fitted_, strict=True)
        )
        p = expit(z)
        return np.c_[1 - p, p]

    def predict(self, X):
        return (self.predict_proba(X)[:, 1] >= 0.5).astype(int)


def feature_fn(X):
    return X.eval("rate_product = max_heart_rate * resting_bp / 1000").eval(
        "st_per_rate = st_depression / max_heart_rate"
    )


def build_pipeline():
    ct = make_column_transformer(
        (
            make_pipeline(SimpleImputer(strategy="median"), PowerTransformer()),
            make_column_selector(dtype_include="number"),
        ),
        (
            make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore")),
            make_column_selector(dtype_exclude="number"),
        ),
        sparse_threshold=0,
    )
    return make_pipeline(
        ct,
        LogitBlend(
            [
                ("lr", LogisticRegression(C=0.05)),
                ("gb", GradientBoostingClassifier(n_estimators=80, max_depth=2, subsample=0.7, random_state=1)),
                ("knn", KNeighborsClassifier(25, weights="distance")),
                (
                    "xgb",
                    XGBClassifier(
                        n_estimators=80, max_depth=2, learning_rate=0.1, eval_metric="logloss", random_state=1
                    ),
                ),
            ]
        ),
    )
