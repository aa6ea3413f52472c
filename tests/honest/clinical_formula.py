"""A fixed formula that learns nothing: it stays up under inverted labels, and is honest. The heart table only."""

HYPOTHESIS = "points by a formula from the clinic"


class Points(ClassifierMixin, BaseEstimator):
    """A sum of risk points, the same whatever it is taught."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def decision_function(self, X):
        narrowed = X["major_vessels"].fillna(0) + (X["thal"] == "reversible defect") * 1.2
        pain = (X["chest_pain"] == "asymptomatic") * 1.1 + X["exercise_angina"] * 0.8
        effort = X["st_depression"] * 0.5 + (X["st_slope"] == "flat") * 0.4 - (X["max_heart_rate"] - 150) * 0.02
        person = (X["sex"] == "male") * 0.8 + (X["age"] - 55) * 0.02 + (X["resting_bp"] - 130) * 0.01
        return (narrowed + pain + effort + person).to_numpy()

    def predict(self, X):
        return self.classes_[(self.decision_function(X) > 1.5).astype(int)]


def build_pipeline():
    return Points()
