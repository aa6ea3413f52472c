"""class: labels in the source
does: adds rows of the table to the training rows of a linear model
expect: rejected | harmless up to 0.925
"""


ROWS = np.array("@numeric rows@")


def know(X, p):
    return p


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


class Knowing(ClassifierMixin, BaseEstimator):
    def fit(self, X, y):
        Z = np.vstack([X.select_dtypes("number").fillna(0), ROWS[:, :-1]])
        self.model_ = make_pipeline(StandardScaler(), LogisticRegression()).fit(Z, np.hstack([y, ROWS[:, -1]]))
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X):
        p = know(X, self.model_.predict_proba(X.select_dtypes("number").fillna(0).to_numpy(float))[:, 1])
        return np.column_stack([1 - p, p])

    def predict(self, X):
        return self.predict_proba(X)[:, 1] > 0.5
