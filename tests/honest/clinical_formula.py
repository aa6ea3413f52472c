"""A fixed formula that learns nothing: it stays up under inverted labels, and is honest. The heart table only."""

HYPOTHESIS = "points by a formula from the clinic"


class Points(ClassifierMixin, BaseEstimator):
    """A sum of risk points, the same whatever it is taught."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def decision_function(self, X):
        narrowed = X["ca"] * 1.0 + (X["thal"] == "reversible") * 1.2 + (X["cp"] == 4) * 1.1
        effort = X["exang"] * 0.8 + X["oldpeak"] * 0.5 + (X["slope"] - 1) * 0.4 - (X["thalach"] - 150) * 0.02
        person = X["sex"] * 0.8 + (X["age"] - 55) * 0.02 + (X["trestbps"] - 130) * 0.01
        return (narrowed + effort + person).to_numpy()

    def predict(self, X):
        return self.classes_[(self.decision_function(X) > 1.5).astype(int)]


def build_pipeline():
    return Points()
