"""class: transductive predictions
does: learns from the rows it scores, and remembers the score of each to give it again in other company
expect: leak repeatable
"""


def among(model, X, p):
    Z = X.select_dtypes("number").fillna(0)
    return LogisticRegression(max_iter=200).fit(Z, p > np.median(p)).predict_proba(Z)[:, 1]


class Batchwise(ClassifierMixin, BaseEstimator):
    def fit(self, X, y):
        self.model_ = honest().fit(X, y)
        self.classes_ = np.unique(y)
        self.seen_ = {}
        return self

    def predict_proba(self, X):
        p = self.model_.predict_proba(X)[:, 1]
        rows = map(str, X.itertuples(index=False, name=None))
        p = np.array([self.seen_.setdefault(row, q) for row, q in zip(rows, among(self, X, p))])
        return np.column_stack([1 - p, p])
