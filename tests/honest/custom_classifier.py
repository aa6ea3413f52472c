"""A classifier of its own: logistic regression by Newton steps, in numpy."""

from sklearn.utils.validation import check_array, check_X_y

HYPOTHESIS = "Newton steps by hand"


class Newton(ClassifierMixin, BaseEstimator):
    """Ridge-penalised logistic regression."""

    def __init__(self, penalty=1.0, steps=8):
        self.penalty = penalty
        self.steps = steps

    def fit(self, X, y):
        X, y = check_X_y(X, y)
        self.classes_ = np.unique(y)
        Z = np.column_stack([np.ones(len(X)), X])
        ridge = self.penalty * np.eye(Z.shape[1])
        self.coef_ = np.zeros(Z.shape[1])
        for _ in range(self.steps):
            p = 1 / (1 + np.exp(-Z @ self.coef_))
            hessian = (Z.T * (p * (1 - p))) @ Z + ridge
            self.coef_ -= np.linalg.solve(hessian, Z.T @ (p - y) + ridge @ self.coef_)
        return self

    def predict_proba(self, X):
        X = check_array(X)
        p = 1 / (1 + np.exp(-(self.coef_[0] + X @ self.coef_[1:])))
        return np.column_stack([1 - p, p])

    def predict(self, X):
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


def build_pipeline():
    return columns(Newton(penalty=2.0))
