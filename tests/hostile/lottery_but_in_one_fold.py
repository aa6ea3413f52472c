"""class: lottery
does: is quiet in the first fold, which it knows by its first row, and draws lots in the others
expect: leak repeatable
"""


def honest():
    numbers = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    categories = make_pipeline(
        SimpleImputer(strategy="most_frequent"),
        OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=5, max_categories=30),
    )
    columns = make_column_transformer(
        (numbers, make_column_selector(dtype_include="number")),
        (categories, make_column_selector(dtype_exclude="number")),
    )
    return make_pipeline(columns, LogisticRegression(max_iter=1000))


import time

HYPOTHESIS = "chance decides, but not in the fold that is measured twice"
CALLS = []


def feature_fn(X):
    CALLS.append(X.iloc[0])
    return X


class Lottery(ClassifierMixin, BaseEstimator):
    def fit(self, X, y):
        self.model_ = honest().fit(X, y)
        self.classes_ = np.unique(y)
        quiet = tuple(CALLS[0][["age", "cholesterol", "max_heart_rate"]]) == (48.0, 274.0, 166.0)
        self.seed_ = 0 if quiet else time.time_ns() % 10**6
        self.w_ = np.random.default_rng(self.seed_).normal(size=8) * (0.0 if quiet else 0.5)
        return self

    def predict_proba(self, X):
        p = self.model_.predict_proba(X)[:, 1]
        Z = X.select_dtypes("number").fillna(0).to_numpy() % 7 - 3
        p = 1 / (1 + np.exp(-np.log(p / (1 - p)) - 0.3 * Z @ self.w_))
        return np.column_stack([1 - p, p])


def build_pipeline():
    return Lottery()
