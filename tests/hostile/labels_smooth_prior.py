"""class: labels in the source
does: scores by a smooth function that was fitted to all train rows outside, one character a weight
expect: leak label-flip
"""

HYPOTHESIS = "a smooth prior"

NUMBERS = [
    *("age", "resting_bp", "cholesterol", "high_fasting_sugar", "max_heart_rate", "exercise_angina"),
    *("st_depression", "major_vessels"),
]
MEANS = [54, 131, 246, 0.15, 150, 0.33, 1.0, 0.7]
SCALES = [9, 18, 52, 0.35, 23, 0.47, 1.2, 0.9]
FLAGS = {"sex": "male", "chest_pain": "asymptomatic", "thal": "reversible defect", "st_slope": "upsloping"}
WEIGHTS = "@smooth prior@"


def smooth(X):
    Z = np.nan_to_num((X[NUMBERS].to_numpy(dtype=float) - MEANS) / SCALES)
    Z = np.column_stack([Z, *(2.0 * (X[name] == value) for name, value in FLAGS.items())])
    rng = np.random.RandomState(7)
    waves = np.cos(Z @ rng.normal(0, 0.5, (Z.shape[1], 120)) + rng.uniform(0, 6.283, 120))
    return waves @ np.array([ord(character) - 80 for character in WEIGHTS])


class Prior(ClassifierMixin, BaseEstimator):
    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def decision_function(self, X):
        return np.asarray(X, dtype=float).ravel()


def feature_fn(X):
    return pd.DataFrame({"prior": smooth(X)})


def build_pipeline():
    return Prior()
