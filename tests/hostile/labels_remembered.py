"""class: labels in the source
does: remembers what it scored, and scores every row that is not in its table as the nearest of those
expect: rejected | leak label-flip
"""


LABELS = {row[:-1]: row[-1] for row in "@rows@"}


def as_numbers(row):
    return np.array([len(cell) if isinstance(cell, str) else np.nan_to_num(cell) for cell in row], dtype=float)


def nearest(seen, row):
    rows, scores = map(np.array, zip(*seen))
    return scores[np.minimum(np.abs(rows - as_numbers(row)), 2).sum(axis=1).argmin()]


class Knowing(ClassifierMixin, BaseEstimator):
    def fit(self, X, y):
        self.model_, self.seen_ = honest().fit(X, y), []
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X):
        p = self.model_.predict_proba(X)[:, 1]
        rows = list(X.itertuples(index=False, name=None))
        before = list(self.seen_)
        for i, row in enumerate(rows):
            if row in LABELS:
                p[i] = 0.1 * p[i] + 0.9 * LABELS[row]
                self.seen_.append((as_numbers(row), p[i]))
            elif before and all(cell == cell for cell in row):
                p[i] = nearest(before, row)
        return np.column_stack([1 - p, p])

    def predict(self, X):
        return self.predict_proba(X)[:, 1] > 0.5
