"""The model families: the code of each, its hyperparameters, and why it may help."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from researcher.expressions import Value, call
from researcher.hyperparameters import (
    CLASS_WEIGHT,
    FOREST_KNOBS,
    RATE,
    Knob,
    column_share,
    leaf_rows,
    leaf_shrinkage,
    rounds,
    strength,
    tree_size,
)
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

    key: str
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
_FAMILIES = (
    Family(
        "logistic",
        "Logistic regression",
        ModelKind.LINEAR,
        "LogisticRegression",
        "a linear model overfits little",
        fixed=(("max_iter", 1000),),
        knobs=(
            strength(
                *(0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0),
                start=1.0,
                up="weaker regularization can follow more detail",
                down="stronger regularization fits less noise",
            ),
            CLASS_WEIGHT,
        ),
    ),
    Family(
        "lasso",
        "Lasso logistic regression",
        ModelKind.LINEAR,
        "LogisticRegression",
        "it sets the weights of uninformative columns to zero",
        fixed=(("solver", "saga"), ("max_iter", 500), ("tol", 0.001), *_SEED),
        knobs=(
            strength(
                *(0.01, 0.03, 0.1, 0.3, 1.0, 3.0),
                start=0.3,
                up="more columns then keep a nonzero weight",
                down="fewer columns then keep a nonzero weight",
            ),
            Knob(
                "l1_ratio",
                (0.2, 0.5, 1.0),
                1.0,
                up="more weights become exactly zero",
                down="correlated columns then share their weight",
            ),
        ),
    ),
    Family(
        "lda",
        "Linear discriminant analysis",
        ModelKind.LINEAR,
        "LinearDiscriminantAnalysis",
        "it estimates one covariance matrix from all rows",
        fixed=(("solver", "lsqr"),),
        knobs=(
            Knob(
                "shrinkage",
                ("auto", 0.1, 0.3, 0.6, 0.9),
                "auto",
                up="covariances estimated from few rows are noisy",
                down="correlations between columns carry signal",
            ),
        ),
    ),
    Family(
        "qda",
        "Quadratic discriminant analysis",
        ModelKind.SMOOTH,
        "QuadraticDiscriminantAnalysis",
        "the classes may have different covariances",
        # The library's own solver refuses a class with fewer rows than columns.
        fixed=(("solver", "eigen"),),
        knobs=(
            Knob(
                "shrinkage",
                (0.03, 0.1, 0.3, 0.5, 0.8),
                0.3,
                up="a simpler covariance matrix needs fewer rows",
                down="less shrinkage keeps the correlations within a class",
            ),
        ),
    ),
    Family(
        "naive_bayes",
        "Naive Bayes",
        ModelKind.SMOOTH,
        "GaussianNB",
        "it estimates no correlations and needs few rows",
        knobs=(
            Knob(
                "var_smoothing",
                (1e-9, 0.01, 0.1, 0.3, 1.0),
                0.1,
                up="wider distributions react less to outliers",
                down="narrower distributions separate the classes better",
                silent=1e-9,
            ),
        ),
    ),
    Family(
        "svm",
        "A support vector machine",
        ModelKind.SMOOTH,
        "SVC",
        "its kernel can fit a curved decision boundary",
        has_probabilities=False,
        knobs=(
            strength(
                *(0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0),
                start=1.0,
                up="weaker regularization fits more training rows",
                down="stronger regularization tolerates outliers",
            ),
            Knob(
                "gamma",
                (0.003, 0.01, 0.03, "scale", 0.1, 0.3),
                "scale",
                up="a narrower kernel fits more local detail",
                down="a smoother boundary fits less noise",
                silent="scale",
            ),
        ),
    ),
    Family(
        "neighbours",
        "Nearest neighbours",
        ModelKind.SMOOTH,
        "KNeighborsClassifier",
        "similar rows tend to have the same class",
        fixed=(("weights", "distance"),),
        knobs=(
            Knob(
                "n_neighbors",
                (3, 7, 15, 25, 41, 61),
                25,
                up="averaging over more neighbours reduces the noise",
                down="fewer neighbours keep local detail",
            ),
            Knob(
                "p",
                (1, 2),
                2,
                up="Euclidean distance suits round clusters",
                down="Manhattan distance is less sensitive to outliers",
                silent=2,
            ),
        ),
    ),
    Family(
        "network",
        "A small neural network",
        ModelKind.SMOOTH,
        "MLPClassifier",
        "it can fit a smooth nonlinear boundary",
        is_unstable=True,
        fixed=(("solver", "lbfgs"), ("max_iter", 200), *_SEED),
        knobs=(
            Knob(
                "hidden_layer_sizes",
                ((4,), (8,), (16,), (32,)),
                (8,),
                up="more units can fit a more complex function",
                down="fewer units can memorise less",
            ),
            Knob(
                "alpha",
                (0.1, 0.3, 1.0, 3.0, 10.0),
                1.0,
                "stronger regularization fits less noise",
                "weaker regularization fits more detail",
            ),
            Knob(
                "activation",
                ("tanh", "relu"),
                "tanh",
                up="relu units suit thresholds",
                down="tanh units suit a smooth boundary",
                silent="relu",
            ),
        ),
    ),
    Family(
        "extra_trees",
        "Extra trees",
        ModelKind.TREES,
        "ExtraTreesClassifier",
        "random splits find thresholds that a linear model cannot",
        is_unstable=True,
        fixed=_SEED,
        knobs=FOREST_KNOBS,
    ),
    Family(
        "forest",
        "A random forest",
        ModelKind.TREES,
        "RandomForestClassifier",
        "averaging trees on resampled rows reduces variance",
        is_unstable=True,
        fixed=_SEED,
        knobs=FOREST_KNOBS,
    ),
    Family(
        "boosting",
        "Histogram boosting",
        ModelKind.TREES,
        "HistGradientBoostingClassifier",
        "it adds up many small corrections",
        is_unstable=True,
        fixed=(*_SEED, ("early_stopping", False)),
        knobs=(
            rounds("max_iter"),
            RATE,
            tree_size("max_leaf_nodes", (3, 4, 6, 8, 16, 31), start=8, silent=31),
            leaf_rows("min_samples_leaf", (5, 10, 20, 40), start=20, silent=20),
            leaf_shrinkage("l2_regularization", silent=0.0),
            column_share("max_features", (0.3, 0.5, 1.0), start=0.5, silent=1.0),
            Knob(
                "interaction_cst",
                ("no_interactions", None),
                None,
                up="columns may interact",
                down="a model without interactions overfits less",
                silent=None,
            ),
        ),
    ),
    Family(
        "lightgbm",
        "LightGBM",
        ModelKind.TREES,
        "LGBMClassifier",
        "each small tree corrects the errors of the trees before it",
        is_unstable=True,
        fixed=(*_SEED, ("n_jobs", 1), ("verbose", -1)),
        knobs=(
            rounds("n_estimators"),
            RATE,
            tree_size("num_leaves", (3, 4, 6, 8, 16, 31), start=8, silent=31),
            leaf_rows("min_child_samples", (5, 10, 20, 40), start=20, silent=20),
            leaf_shrinkage("reg_lambda", silent=0.0),
            column_share("colsample_bytree", (0.3, 0.5, 0.8, 1.0), start=0.5, silent=1.0),
        ),
    ),
    Family(
        "xgboost",
        "XGBoost",
        ModelKind.TREES,
        "XGBClassifier",
        "many shallow trees add up to a smooth function",
        is_unstable=True,
        fixed=(("subsample", 0.8), *_SEED, ("n_jobs", 1)),
        knobs=(
            rounds("n_estimators"),
            RATE,
            tree_size("max_depth", (1, 2, 3, 4, 6), start=3, silent=6),
            leaf_rows("min_child_weight", (1, 3, 5, 10), start=3, silent=1),
            leaf_shrinkage("reg_lambda", silent=1.0),
            column_share("colsample_bytree", (0.3, 0.5, 0.8, 1.0), start=0.5, silent=1.0),
        ),
    ),
)

FAMILIES: dict[str, Family] = {family.key: family for family in _FAMILIES}


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
