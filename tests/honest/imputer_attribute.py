"""A transformer whose attribute is called imp."""


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


HYPOTHESIS = "own classifier with an imputer called imp"


class Own(ClassifierMixin, BaseEstimator):
    def fit(self, X, y):
        self.imp = SimpleImputer().fit(X.select_dtypes("number"))
        self.model_ = LogisticRegression(max_iter=3000).fit(self.imp.transform(X.select_dtypes("number")), y)
        self.classes_ = self.model_.classes_
        return self

    def predict_proba(self, X):
        return self.model_.predict_proba(self.imp.transform(X.select_dtypes("number")))

    def predict(self, X):
        return self.predict_proba(X)[:, 1] > 0.5


def build_pipeline():
    return Own()
