"""A search by FLAML inside fit, its budget in iterations: seconds would not be repeatable."""

from flaml import AutoML

HYPOTHESIS = "FLAML, six tries"


class Searched(ClassifierMixin, BaseEstimator):
    """FLAML's best of a few tries."""

    def fit(self, X, y):
        self.search_ = AutoML()
        self.search_.fit(
            X_train=X,
            y_train=y,
            task="classification",
            metric="roc_auc",
            estimator_list=["lgbm", "lrl1"],
            max_iter=6,
            time_budget=-1,
            eval_method="holdout",
            seed=1,
            n_jobs=1,
            verbose=0,
            log_file_name="",
        )
        self.classes_ = self.search_.classes_
        return self

    def predict_proba(self, X):
        return self.search_.predict_proba(X)

    def predict(self, X):
        return self.search_.predict(X)


def build_pipeline():
    return columns(Searched())
