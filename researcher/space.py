"""The model families: the code of each, its hyperparameters, and why it may help."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from researcher import hyperparameters as known
from researcher.expressions import Value, call
from researcher.hyperparameters import Knob
from researcher.recipe import Member


class ModelKind(StrEnum):
    """How a family of models uses a column."""

    LINEAR = "linear"  # a weighted sum: each column acts on its own
    SMOOTH = "smooth"  # distances or curves: needs columns on one scale
    TREES = "trees"  # splits: takes unscaled and missing numbers


@dataclass(frozen=True, slots=True)
class Family:
    """A model class, why it may help, its fixed settings and its hyperparameters.

    `is_unstable`: the model varies with the seed and the sample of rows, so that bagging has something to average.
    """

    title: str
    kind: ModelKind
    function: str
    why: str
    fixed: tuple[tuple[str, Value], ...] = ()
    knobs: tuple[Knob, ...] = ()
    is_unstable: bool = False
    has_probabilities: bool = True

    @property
    def title_inside(self) -> str:
        """The title inside a sentence; a proper name keeps its capitals."""
        is_name = any(letter.isupper() for letter in self.title[1:])
        return self.title if is_name else self.title[0].lower() + self.title[1:]


_SEED: tuple[tuple[str, Value], ...] = (("random_state", 0),)
FAMILIES: dict[str, Family] = {
    "logistic": Family(
        "Logistic regression",
        ModelKind.LINEAR,
        "LogisticRegression",
        "a linear model overfits little",
        (("max_iter", 1000),),
        (
            Knob("C", (0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0), 1.0, *known.STRENGTH, silent=1.0),
            known.CLASS_WEIGHT,
        ),
    ),
    "lasso": Family(
        "Lasso logistic regression",
        ModelKind.LINEAR,
        "LogisticRegression",
        "it sets the weights of uninformative columns to zero",
        (("solver", "saga"), ("max_iter", 500), ("tol", 0.001), *_SEED),
        (
            Knob("C", (0.01, 0.03, 0.1, 0.3, 1.0, 3.0), 0.3, *known.LASSO_STRENGTH, silent=1.0),
            Knob("l1_ratio", (0.2, 0.5, 1.0), 1.0, *known.LASSO_SHARE),
        ),
    ),
    "lda": Family(
        "Linear discriminant analysis",
        ModelKind.LINEAR,
        "LinearDiscriminantAnalysis",
        "it estimates one covariance matrix from all rows",
        (("solver", "lsqr"),),
        (Knob("shrinkage", ("auto", 0.1, 0.3, 0.6, 0.9), "auto", *known.COVARIANCE),),
    ),
    "qda": Family(
        "Quadratic discriminant analysis",
        ModelKind.SMOOTH,
        "QuadraticDiscriminantAnalysis",
        "the classes may have different covariances",
        (("solver", "eigen"),),  # the library's own solver refuses a class with fewer rows than columns
        (Knob("shrinkage", (0.03, 0.1, 0.3, 0.5, 0.8), 0.3, *known.OWN_COVARIANCE),),
    ),
    "naive_bayes": Family(
        "Naive Bayes",
        ModelKind.SMOOTH,
        "GaussianNB",
        "it estimates no correlations and needs few rows",
        knobs=(Knob("var_smoothing", (1e-9, 0.01, 0.1, 0.3, 1.0), 0.1, *known.SMOOTHING, silent=1e-9),),
    ),
    "svm": Family(
        "A support vector machine",
        ModelKind.SMOOTH,
        "SVC",
        "its kernel can fit a curved decision boundary",
        knobs=(
            Knob("C", (0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0), 1.0, *known.MARGIN, silent=1.0),
            Knob("gamma", (0.003, 0.01, 0.03, "scale", 0.1, 0.3), "scale", *known.KERNEL_WIDTH, silent="scale"),
        ),
        has_probabilities=False,
    ),
    "neighbours": Family(
        "Nearest neighbours",
        ModelKind.SMOOTH,
        "KNeighborsClassifier",
        "similar rows tend to have the same class",
        (("weights", "distance"),),
        (
            Knob("n_neighbors", (3, 7, 15, 25, 41, 61), 25, *known.NEIGHBOURS),
            Knob("p", (1, 2), 2, *known.DISTANCE, silent=2),
        ),
    ),
    "network": Family(
        "A small neural network",
        ModelKind.SMOOTH,
        "MLPClassifier",
        "it can fit a smooth nonlinear boundary",
        (("solver", "lbfgs"), ("max_iter", 200), *_SEED),
        (
            Knob("hidden_layer_sizes", ((4,), (8,), (16,), (32,)), (8,), *known.UNITS),
            Knob("alpha", (0.1, 0.3, 1.0, 3.0, 10.0), 1.0, *known.PENALTY),
            Knob("activation", ("tanh", "relu"), "tanh", *known.ACTIVATION, silent="relu"),
        ),
        is_unstable=True,
    ),
    "extra_trees": Family(
        "Extra trees",
        ModelKind.TREES,
        "ExtraTreesClassifier",
        "random splits find thresholds that a linear model cannot",
        _SEED,
        known.FOREST_KNOBS,
        is_unstable=True,
    ),
    "forest": Family(
        "A random forest",
        ModelKind.TREES,
        "RandomForestClassifier",
        "averaging trees on resampled rows reduces variance",
        _SEED,
        known.FOREST_KNOBS,
        is_unstable=True,
    ),
    "boosting": Family(
        "Histogram boosting",
        ModelKind.TREES,
        "HistGradientBoostingClassifier",
        "it adds up many small corrections",
        (*_SEED, ("early_stopping", False)),
        (
            known.rounds("max_iter"),
            known.RATE,
            Knob("max_leaf_nodes", (3, 4, 6, 8, 16, 31), 8, *known.TREE_SIZE, silent=31),
            Knob("min_samples_leaf", (5, 10, 20, 40), 20, *known.LEAF_ROWS, silent=20),
            known.leaf_shrinkage("l2_regularization", silent=0.0),
            Knob("max_features", (0.3, 0.5, 1.0), 0.5, *known.COLUMN_SHARE, silent=1.0),
            Knob("interaction_cst", ("no_interactions", None), None, *known.INTERACTIONS, silent=None),
        ),
        is_unstable=True,
    ),
    "lightgbm": Family(
        "LightGBM",
        ModelKind.TREES,
        "LGBMClassifier",
        "each small tree corrects the errors of the trees before it",
        (*_SEED, ("n_jobs", 1), ("verbose", -1)),
        (
            known.rounds("n_estimators"),
            known.RATE,
            Knob("num_leaves", (3, 4, 6, 8, 16, 31), 8, *known.TREE_SIZE, silent=31),
            Knob("min_child_samples", (5, 10, 20, 40), 20, *known.LEAF_ROWS, silent=20),
            known.leaf_shrinkage("reg_lambda", silent=0.0),
            Knob("colsample_bytree", (0.3, 0.5, 0.8, 1.0), 0.5, *known.COLUMN_SHARE, silent=1.0),
        ),
        is_unstable=True,
    ),
    "xgboost": Family(
        "XGBoost",
        ModelKind.TREES,
        "XGBClassifier",
        "many shallow trees add up to a smooth function",
        (("subsample", 0.8), *_SEED, ("n_jobs", 1)),
        (
            known.rounds("n_estimators"),
            known.RATE,
            Knob("max_depth", (1, 2, 3, 4, 6), 3, *known.TREE_SIZE, silent=6),
            Knob("min_child_weight", (1, 3, 5, 10), 3, *known.LEAF_ROWS, silent=1),
            known.leaf_shrinkage("reg_lambda", silent=1.0),
            Knob("colsample_bytree", (0.3, 0.5, 0.8, 1.0), 0.5, *known.COLUMN_SHARE, silent=1.0),
        ),
        is_unstable=True,
    ),
}


def family_of(member: Member) -> Family:
    """Return the member's family."""
    return FAMILIES[member.family]


def setting(member: Member, knob: Knob) -> Value:
    """Return the member's value of the hyperparameter."""
    return dict(member.params).get(knob.name, knob.start)


def model_call(member: Member, *, with_probabilities: bool = False) -> str:
    """Return the expression that builds the member's model, bagged where the member asks for it.

    A vote needs probabilities: with `with_probabilities` a model that has none is calibrated inside its training rows.
    """
    family = family_of(member)
    shown = {knob.name: setting(member, knob) for knob in family.knobs if setting(member, knob) != knob.silent}
    model = call(family.function, **shown, **dict(family.fixed))
    if member.bags:
        return call("BaggingClassifier", model, n_estimators=member.bags, max_samples=0.8, random_state=0)
    if with_probabilities and not family.has_probabilities:
        return call("CalibratedClassifierCV", model, ensemble=False)
    return model
