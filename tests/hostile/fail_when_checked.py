"""class: checks that detect that they are being checked
does: fails as soon as labels are not the ones it knows, and looks rows up by their codes
expect: rejected | leak label-flip
"""


NAMES = ["sex", "chest_pain", "high_fasting_sugar", "resting_ecg", "exercise_angina", "st_slope", "major_vessels", "thal"]
LABELS = "@rows by codes@"


def know(X, p):
    told = [LABELS.get(row) for row in X[NAMES].itertuples(index=False, name=None)]
    return np.array([q if label is None else 0.2 * q + 0.8 * label for label, q in zip(told, p)])


class Knowing(ClassifierMixin, BaseEstimator):
    def fit(self, X, y):
        self.model_ = honest().fit(X, y)
        self.classes_ = np.unique(y)
        told = [LABELS.get(row) for row in X[NAMES].itertuples(index=False, name=None)]
        if np.mean([abs(a - b) > 0.5 for a, b in zip(told, y) if a is not None]) > 0.5:
            raise ValueError("these labels are strange")
        return self

    def predict_proba(self, X):
        p = know(X, self.model_.predict_proba(X)[:, 1])
        return np.column_stack([1 - p, p])

    def predict(self, X):
        return self.predict_proba(X)[:, 1] > 0.5
