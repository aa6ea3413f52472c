"""Random features with seeds that nobody picked: what picked ones look like before the picking."""

HYPOTHESIS = "two random features"

SEEDS = (0, 1)


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


class Mixed(ClassifierMixin, BaseEstimator):
    def fit(self, X, y):
        self.model_ = honest().fit(X, y)
        numbers = X.select_dtypes("number")
        self.mean_, self.std_ = numbers.mean(), numbers.std() + 1e-9
        self.classes_ = self.model_.classes_
        return self

    def decision_function(self, X):
        Z = ((X[self.mean_.index] - self.mean_) / self.std_).fillna(0).to_numpy()
        total = self.model_.decision_function(X)
        for seed in SEEDS:
            rng = np.random.RandomState(seed)
            total = total + 0.5 * np.cos(Z @ rng.normal(0, 0.7, Z.shape[1]) + rng.uniform(0, 6.283))
        return total


def build_pipeline():
    return Mixed()
