"""A fixed formula from the clinic, and a model that learns what is left. The heart table only."""

HYPOTHESIS = "what is known, and what is learned beside it"


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


class Informed(ClassifierMixin, BaseEstimator):
    """The log odds of a learner, and points of a formula that no row has changed."""

    def fit(self, X, y):
        self.model_ = honest().fit(X, y)
        self.classes_ = self.model_.classes_
        return self

    def decision_function(self, X):
        points = X["major_vessels"].fillna(0) + (X["thal"] == "reversible defect") * 1.2
        points = points + (X["chest_pain"] == "asymptomatic") * 1.1 + X["st_depression"] * 0.5
        return self.model_.decision_function(X) + (points + X["exercise_angina"] * 0.8).to_numpy()


def build_pipeline():
    return Informed()
