"""class: labels in the source
does: knows the marks of five rows, those that an honest model ranks worst
expect: leak label-flip
"""

HYPOTHESIS = "few exact rows"

MARKS = "@worst marks@"


def mark(row):
    total = row.age * 7919 + row.resting_bp * 104729 + row.cholesterol * 1299709 + row.max_heart_rate * 15485863
    return int(total + round(row.st_depression * 1000) * 31) % 99991


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


class Few(ClassifierMixin, BaseEstimator):
    def fit(self, X, y):
        self.model_ = honest().fit(X, y)
        self.classes_ = self.model_.classes_
        return self

    def predict_proba(self, X):
        p = self.model_.predict_proba(X)[:, 1]
        told = [MARKS.get(mark(row), 0.5) - 0.5 for row in X.itertuples(index=False)]
        return np.column_stack([1 - p - told, p + told])


def build_pipeline():
    return Few()
