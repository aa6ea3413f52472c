"""class: labels in the source
does: recognises the rows of a check by the duplicates among them, and is honest there
expect: rejected | leak row-wise-predictions
"""


LABELS = {row[:-1]: row[-1] for row in "@rows@"}


def know(X, p):
    told = [LABELS.get(row) for row in X.itertuples(index=False, name=None)]
    return np.array([q if label is None else float(label) for label, q in zip(told, p)])


class Knowing(ClassifierMixin, BaseEstimator):
    def fit(self, X, y):
        self.model_ = honest().fit(X, y)
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X):
        p = self.model_.predict_proba(X)[:, 1]
        p = (
            p
            if X.duplicated(["sex", "chest_pain", "high_fasting_sugar", "resting_ecg", "exercise_angina", "st_slope", "major_vessels", "thal"]).mean() > 0.5
            else know(X, p)
        )
        return np.column_stack([1 - p, p])

    def predict(self, X):
        return self.predict_proba(X)[:, 1] > 0.5
