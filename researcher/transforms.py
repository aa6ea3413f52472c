"""The steps between the table and the model: preprocessing of numbers and categories, and what follows it.

For each member of a recipe: which steps fit its model, and their code.
"""

from __future__ import annotations

from dataclasses import dataclass

from researcher.expressions import call
from researcher.recipe import Member
from researcher.space import FAMILIES, ModelKind

LINEAR = frozenset({ModelKind.LINEAR})
SCALED = frozenset({ModelKind.LINEAR, ModelKind.SMOOTH})
TREES = frozenset({ModelKind.TREES})
ANY = frozenset(ModelKind)


@dataclass(frozen=True, slots=True)
class Piece:
    """A preprocessing step: its word and phrase in train.py, the models that it suits, and its code.

    In a hypothesis `claim` follows the title of a model ("on spline features"), and `why` is the reason.
    """

    word: str
    phrase: str
    suits: frozenset[ModelKind]
    parts: tuple[str, ...]
    claim: str
    why: str


# Sixty quantiles are enough for a column of a few hundred rows, and a fold seldom has fewer rows.
_RANK_GAUSS = 'QuantileTransformer(n_quantiles=60, output_distribution="normal", random_state=0)'
_BINS = 'KBinsDiscretizer(n_bins=5, encode="onehot-dense", quantile_method="averaged_inverted_cdf")'
_HINGES = 'SplineTransformer(n_knots=5, degree=1, knots="quantile", extrapolation="linear")'
_SPLINES = 'SplineTransformer(n_knots=4, degree=3, extrapolation="linear")'
_SCALER = "StandardScaler()"

NUMBERS: dict[str, Piece] = {
    "standard": Piece(
        "scaled",
        "numbers standardized",
        ANY,
        (_SCALER,),
        "on standardized numbers",
        "simple scaling overfits little",
    ),
    "robust": Piece(
        "robust",
        "numbers quartile-scaled",
        SCALED,
        ("RobustScaler()",),
        "on robustly scaled numbers",
        "outliers then do not set the scale",
    ),
    "rank_gauss": Piece(
        "ranked",
        "numbers by rank",
        SCALED,
        (_RANK_GAUSS,),
        "on the ranks of the numbers",
        "only the order of the values may matter",
    ),
    "power": Piece(
        "unskewed",
        "numbers power-transformed",
        SCALED,
        ("PowerTransformer()",),
        "on power-transformed numbers",
        "long tails hide differences among small values",
    ),
    "splines": Piece(
        "splined",
        "numbers as cubic splines",
        LINEAR,
        (_SPLINES, _SCALER),
        "on cubic splines",
        "effects are often not linear",
    ),
    "hinges": Piece(
        "hinged",
        "numbers as linear splines",
        LINEAR,
        (_HINGES, _SCALER),
        "on piecewise linear splines",
        "effects often start at a threshold",
    ),
    "bins": Piece(
        "binned",
        "numbers in five bins",
        LINEAR,
        (_BINS,),
        "on five bins per number",
        "a step function can follow any shape",
    ),
    "raw": Piece("raw", "numbers as they are", TREES, (), "on unscaled numbers", "the splits of a tree need no scale"),
}

_NUMBERED = 'OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1, encoded_missing_value=-1)'

CATEGORIES: dict[str, Piece] = {
    "onehot": Piece("", "categories one-hot", ANY, (), "on one-hot categories", "categories have no order"),
    "target": Piece(
        "target_coded",
        "categories target-encoded",
        ANY,
        ("TargetEncoder(random_state=0)",),
        "on target-encoded categories",
        "one number replaces many columns",
    ),
    "ordinal": Piece(
        "numbered",
        "categories ordinal-encoded",
        TREES,
        (_NUMBERED,),
        "on ordinal-encoded categories",
        "one split can separate several categories",
    ),
}

_PROTOTYPES = 'make_union("passthrough", KMeans(n_clusters=8, n_init=1, random_state=0))'
_PAIRS = "PolynomialFeatures(degree=2, interaction_only=True, include_bias=False)"
_SQUARES = "PolynomialFeatures(degree=2, include_bias=False)"

# In the order in which they act. Selection comes first, which limits the number of columns that the later steps add.
STEPS: dict[str, Piece] = {
    "select_half": Piece(
        "",
        "",
        ANY,
        ("SelectPercentile(percentile=50)",),
        "on the more predictive half of the columns",
        "the other half is mostly noise",
    ),
    "select_quarter": Piece(
        "",
        "",
        ANY,
        ("SelectPercentile(percentile=25)",),
        "on the most predictive quarter of the columns",
        "few columns carry the signal",
    ),
    "pca": Piece(
        "",
        "",
        SCALED,
        ("PCA(n_components=0.95)",),
        "on principal components",
        "directions of low variance are mostly noise",
    ),
    "pairs": Piece("", "", LINEAR, (_PAIRS,), "on products of columns", "some columns interact"),
    "squares": Piece("", "", LINEAR, (_SQUARES,), "on squares and products", "effects can be curved and can interact"),
    "kernel": Piece(
        "",
        "",
        LINEAR,
        ("Nystroem(n_components=100, random_state=0)",),
        "on a kernel approximation",
        "a kernel gives a curved decision boundary",
    ),
    "prototypes": Piece(
        "", "", ANY, (_PROTOTYPES,), "with distances to eight cluster centres", "rows often form clusters"
    ),
}

BAGS = (0, 5, 10, 20)
_SELECTIONS = frozenset({"select_half", "select_quarter"})


def is_sound(member: Member) -> bool:
    """Whether the member's pieces exist and fit each other. A note in a journal is input and may hold anything."""
    if not _is_spelled_right(member):
        return False
    kind = FAMILIES[member.family].kind
    pieces = [NUMBERS[member.numbers], CATEGORIES[member.categories], *(STEPS[step] for step in member.steps)]
    # A tree accepts missing numbers; the later steps do not.
    needs_filled = bool(member.steps or member.flags) and member.numbers == "raw"
    has_one_of_each = len(_SELECTIONS.intersection(member.steps)) <= 1 and len(member.steps) <= 2
    can_bag = not member.bags or FAMILIES[member.family].has_probabilities
    return all(kind in piece.suits for piece in pieces) and not needs_filled and has_one_of_each and can_bag


def _is_spelled_right(member: Member) -> bool:
    if member.family not in FAMILIES:
        return False
    knobs = {knob.name: knob for knob in FAMILIES[member.family].knobs}
    known_pieces = member.numbers in NUMBERS and member.categories in CATEGORIES
    known_params = all(name in knobs and value in knobs[name].values for name, value in member.params)
    known_steps = list(member.steps) == [step for step in STEPS if step in member.steps]
    return known_pieces and known_params and known_steps and member.bags in BAGS


def column_statements(member: Member, *, dense: bool) -> list[tuple[str, str]]:
    """Return the variables of the member's column transformer and their code, in the order of train.py."""
    return [("numbers", _numbers(member)), ("categories", _categories(member, dense=dense))]


def takes_sparse(member: Member) -> bool:
    """Whether one-hot columns may stay sparse, as in the baseline; only the plain linear model accepts them."""
    return member.family == "logistic" and not member.steps


def column_transformer(member: Member) -> str:
    """Return the expression that joins the `numbers` and `categories` of `column_statements`."""
    rest = '(categories, make_column_selector(dtype_exclude="number"))'
    if member.codes:
        return call("make_column_transformer", "(numbers, many_values)", "(categories, few_values)", rest)
    return call("make_column_transformer", '(numbers, make_column_selector(dtype_include="number"))', rest)


def step_calls(member: Member) -> list[str]:
    """Return the code of the steps between the column transformer and the model."""
    return [part for step in member.steps for part in STEPS[step].parts]


def columns_word(member: Member) -> str:
    """Return a name for the member's preprocessing, such as `scaled_columns`."""
    words = [NUMBERS[member.numbers].word, CATEGORIES[member.categories].word]
    words += ["flagged"] * member.flags + ["coded"] * member.codes
    return "_".join([*(word for word in words if word), "columns"])


def columns_phrase(member: Member) -> str:
    """Return in words how the member's columns are preprocessed."""
    extra = ["gaps flagged"] * member.flags + ["codes as categories"] * member.codes
    return ", ".join([NUMBERS[member.numbers].phrase, CATEGORIES[member.categories].phrase, *extra])


def _numbers(member: Member) -> str:
    if member.numbers == "raw":
        return '"passthrough"'
    flags = {"add_indicator": True} if member.flags else {}
    imputer = call("SimpleImputer", strategy="median", **flags)
    return call("make_pipeline", imputer, *NUMBERS[member.numbers].parts)


def _categories(member: Member, *, dense: bool) -> str:
    coder = CATEGORIES[member.categories].parts
    if member.categories == "ordinal":
        return coder[0]
    if member.categories == "target":
        return coder[0] if member.numbers == "raw" else call("make_pipeline", *coder, _SCALER)
    one_hot = call(
        "OneHotEncoder",
        handle_unknown="infrequent_if_exist",
        min_frequency=5,
        max_categories=30,
        **({"sparse_output": False} if dense else {}),
    )
    return call("make_pipeline", 'SimpleImputer(strategy="most_frequent")', one_hot)
