"""The model families: how each is written, what suits it, and why it may help."""

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
    """What a family can make of a column."""

    LINEAR = "linear"  # a weighted sum: sees only what a column says by itself
    SMOOTH = "smooth"  # distances or bends: needs columns on one scale
    TREES = "trees"  # cuts: takes numbers as they are, missing ones included


@dataclass(frozen=True, slots=True)
class Family:
    """A model class, why it may help, the settings that it always has and the knobs that may turn.

    `is_unstable`: another seed or another sample of rows gives a visibly different model, so that bagging has something
    to average.
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
        """The title inside a sentence; what is a name keeps its capitals."""
        is_name = any(letter.isupper() for letter in self.title[1:])
        return self.title if is_name else self.title[0].lower() + self.title[1:]


_SEED: tuple[tuple[str, Value], ...] = (("random_state", 0),)
_FAMILIES = (
    Family(
        "logistic",
        "Logistic regression",
        ModelKind.LINEAR,
        "LogisticRegression",
        "a straight line is hard to mislead",
        fixed=(("max_iter", 1000),),
        knobs=(
            strength(
                *(0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0),
                start=1.0,
                up="looser weights can follow more detail",
                down="shrunken weights fit less noise",
            ),
            CLASS_WEIGHT,
        ),
    ),
    Family(
        "lasso",
        "Lasso logistic regression",
        ModelKind.LINEAR,
        "LogisticRegression",
        "the weights of useless columns drop to exactly zero",
        fixed=(("solver", "saga"), ("max_iter", 500), ("tol", 0.001), *_SEED),
        knobs=(
            strength(
                *(0.01, 0.03, 0.1, 0.3, 1.0, 3.0),
                start=0.3,
                up="more columns then keep a weight",
                down="fewer columns then keep a weight",
            ),
            Knob(
                "l1_ratio",
                (0.2, 0.5, 1.0),
                1.0,
                up="more weights drop to exactly zero",
                down="columns that say the same share their weight",
            ),
        ),
    ),
    Family(
        "lda",
        "Linear discriminant analysis",
        ModelKind.LINEAR,
        "LinearDiscriminantAnalysis",
        "it pools all rows to learn one shape",
        fixed=(("solver", "lsqr"),),
        knobs=(
            Knob(
                "shrinkage",
                ("auto", 0.1, 0.3, 0.6, 0.9),
                "auto",
                up="few rows cannot tell how columns hang together",
                down="how columns hang together is a signal too",
            ),
        ),
    ),
    Family(
        "qda",
        "Quadratic discriminant analysis",
        ModelKind.SMOOTH,
        "QuadraticDiscriminantAnalysis",
        "the classes may spread differently",
        # The library's own solver refuses a class with fewer rows than columns.
        fixed=(("solver", "eigen"),),
        knobs=(
            Knob(
                "shrinkage",
                (0.03, 0.1, 0.3, 0.5, 0.8),
                0.3,
                up="rounder clouds need fewer rows",
                down="the true shape of the clouds shows",
            ),
        ),
    ),
    Family(
        "naive_bayes",
        "Naive Bayes",
        ModelKind.SMOOTH,
        "GaussianNB",
        "few rows cannot teach how columns hang together",
        knobs=(
            Knob(
                "var_smoothing",
                (1e-9, 0.01, 0.1, 0.3, 1.0),
                0.1,
                up="wider bells shout less at odd values",
                down="narrower bells separate better",
                silent=1e-9,
            ),
        ),
    ),
    Family(
        "svm",
        "A support vector machine",
        ModelKind.SMOOTH,
        "SVC",
        "rows that are near in all columns tend to agree",
        has_probabilities=False,
        knobs=(
            strength(
                *(0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0),
                start=1.0,
                up="a tighter border follows more rows",
                down="a softer border forgives odd rows",
            ),
            Knob(
                "gamma",
                (0.003, 0.01, 0.03, "scale", 0.1, 0.3),
                "scale",
                up="closer neighbours then decide",
                down="a smoother border fits less noise",
                silent="scale",
            ),
        ),
    ),
    Family(
        "neighbours",
        "Nearest neighbours",
        ModelKind.SMOOTH,
        "KNeighborsClassifier",
        "like rows share their class, whatever the shape",
        fixed=(("weights", "distance"),),
        knobs=(
            Knob(
                "n_neighbors",
                (3, 7, 15, 25, 41, 61),
                25,
                up="more neighbours average out the noise",
                down="fewer neighbours keep local detail",
            ),
            Knob(
                "p",
                (1, 2),
                2,
                up="straight distances suit round clouds",
                down="city-block distances mind outliers less",
                silent=2,
            ),
        ),
    ),
    Family(
        "network",
        "A small neural network",
        ModelKind.SMOOTH,
        "MLPClassifier",
        "soft bends suit soft borders",
        is_unstable=True,
        fixed=(("solver", "lbfgs"), ("max_iter", 200), *_SEED),
        knobs=(
            Knob(
                "hidden_layer_sizes",
                ((4,), (8,), (16,), (32,)),
                (8,),
                up="more units can bend in more places",
                down="fewer units have less to memorise with",
            ),
            Knob(
                "alpha", (0.1, 0.3, 1.0, 3.0, 10.0), 1.0, "shrunken weights bend less", "looser weights can bend more"
            ),
            Knob(
                "activation",
                ("tanh", "relu"),
                "tanh",
                up="sharp bends suit thresholds",
                down="soft bends suit soft borders",
                silent="relu",
            ),
        ),
    ),
    Family(
        "extra_trees",
        "Extra trees",
        ModelKind.TREES,
        "ExtraTreesClassifier",
        "random cuts find thresholds that a line cannot",
        is_unstable=True,
        fixed=_SEED,
        knobs=FOREST_KNOBS,
    ),
    Family(
        "forest",
        "A random forest",
        ModelKind.TREES,
        "RandomForestClassifier",
        "trees on resampled rows average out their noise",
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
                up="columns may act together",
                down="one curve a column is less to learn",
                silent=None,
            ),
        ),
    ),
    Family(
        "lightgbm",
        "LightGBM",
        ModelKind.TREES,
        "LGBMClassifier",
        "each small tree mends what the last got wrong",
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
        "many shallow trees add up to a smooth answer",
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
    """Return where the member's knob stands."""
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
