"""Coefficients that may not be negative: under inverted labels it stays above 0.5, and is honest."""

from scipy.optimize import minimize

HYPOTHESIS = "no coefficient below zero"


class NonNegative(ClassifierMixin, BaseEstimator):
    """Logistic regression whose coefficients are at least zero."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        Z, sign = np.column_stack([np.ones(len(X)), X]), 2 * np.asarray(y) - 1

        def loss(w):
            margin = sign * (Z @ w)
            slope = -sign / (1 + np.exp(margin))
            return np.logaddexp(0, -margin).sum() + w @ w / 2, Z.T @ slope + w

        bounds = [(None, None)] + [(0, None)] * (Z.shape[1] - 1)
        self.coef_ = minimize(loss, np.zeros(Z.shape[1]), jac=True, bounds=bounds, method="L-BFGS-B").x
        return self

    def decision_function(self, X):
        return self.coef_[0] + X @ self.coef_[1:]

    def predict(self, X):
        return self.classes_[(self.decision_function(X) > 0).astype(int)]


def build_pipeline():
    return columns(NonNegative())
