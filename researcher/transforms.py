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
    """A preprocessing step: the models that it suits, its code, and its word and phrase in train.py.

    In a hypothesis `claim` follows the title of a model ("on spline features"), and `why` is the reason.
    """

    suits: frozenset[ModelKind]
    code: str
    claim: str
    why: str
    word: str = ""
    phrase: str = ""


# Sixty quantiles are enough for a column of a few hundred rows, and a fold seldom has fewer rows.
_RANK_GAUSS = 'QuantileTransformer(n_quantiles=60, output_distribution="normal", random_state=0)'
_BINS = 'KBinsDiscretizer(n_bins=5, encode="onehot-dense", quantile_method="averaged_inverted_cdf")'
_HINGES = 'SplineTransformer(n_knots=5, degree=1, knots="quantile", extrapolation="linear"), StandardScaler()'
_SPLINES = 'SplineTransformer(n_knots=4, degree=3, extrapolation="linear"), StandardScaler()'
_SCALER, _POWER = "StandardScaler()", "PowerTransformer()"
_TAILS = "long tails hide differences among small values"

NUMBERS: dict[str, Piece] = {
    "standard": Piece(
        ANY, _SCALER, "on standardized numbers", "simple scaling overfits little", "scaled", "numbers standardized"
    ),
    "robust": Piece(
        SCALED,
        "RobustScaler()",
        "on robustly scaled numbers",
        "outliers then do not set the scale",
        *("robust", "numbers quartile-scaled"),
    ),
    "rank_gauss": Piece(
        SCALED,
        _RANK_GAUSS,
        "on the ranks of the numbers",
        "only the order of the values may matter",
        *("ranked", "numbers by rank"),
    ),
    "power": Piece(SCALED, _POWER, "on power-transformed numbers", _TAILS, "unskewed", "numbers power-transformed"),
    "splines": Piece(
        LINEAR, _SPLINES, "on cubic splines", "effects are often not linear", "splined", "numbers as cubic splines"
    ),
    "hinges": Piece(
        LINEAR,
        _HINGES,
        "on piecewise linear splines",
        "effects often start at a threshold",
        *("hinged", "numbers as linear splines"),
    ),
    "bins": Piece(
        LINEAR,
        _BINS,
        "on five bins per number",
        "a step function can follow any shape",
        "binned",
        "numbers in five bins",
    ),
    "raw": Piece(TREES, "", "on unscaled numbers", "the splits of a tree need no scale", "raw", "numbers as they are"),
}

CATEGORIES: dict[str, Piece] = {
    "onehot": Piece(ANY, "", "on one-hot categories", "categories have no order", phrase="categories one-hot"),
    "target": Piece(
        ANY,
        "TargetEncoder(random_state=0)",
        "on target-encoded categories",
        "one number replaces many columns",
        *("target_coded", "categories target-encoded"),
    ),
    "ordinal": Piece(
        TREES,
        'OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1, encoded_missing_value=-1)',
        "on ordinal-encoded categories",
        "one split can separate several categories",
        *("numbered", "categories ordinal-encoded"),
    ),
}

_PROTOTYPES = 'make_union("passthrough", KMeans(n_clusters=8, n_init=1, random_state=0))'
_PAIRS = "PolynomialFeatures(degree=2, interaction_only=True, include_bias=False)"
_SQUARES = "PolynomialFeatures(degree=2, include_bias=False)"
_KERNEL = "Nystroem(n_components=100, random_state=0)"
_HALF, _QUARTER = "SelectPercentile(percentile=50)", "SelectPercentile(percentile=25)"

# In the order in which they act. Selection comes first, which limits the number of columns that the later steps add.
STEPS: dict[str, Piece] = {
    "select_half": Piece(ANY, _HALF, "on the more predictive half of the columns", "the other half is mostly noise"),
    "select_quarter": Piece(
        ANY, _QUARTER, "on the most predictive quarter of the columns", "few columns carry the signal"
    ),
    "pca": Piece(
        SCALED, "PCA(n_components=0.95)", "on principal components", "directions of low variance are mostly noise"
    ),
    "pairs": Piece(LINEAR, _PAIRS, "on products of columns", "some columns interact"),
    "squares": Piece(LINEAR, _SQUARES, "on squares and products", "effects can be curved and can interact"),
    "kernel": Piece(LINEAR, _KERNEL, "on a kernel approximation", "a kernel gives a curved decision boundary"),
    "prototypes": Piece(ANY, _PROTOTYPES, "with distances to eight cluster centres", "rows often form clusters"),
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
    return [STEPS[step].code for step in member.steps]


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
    imputer = call("SimpleImputer", strategy="median", **({"add_indicator": True} if member.flags else {}))
    return call("make_pipeline", imputer, NUMBERS[member.numbers].code)


def _categories(member: Member, *, dense: bool) -> str:
    coder = CATEGORIES[member.categories].code
    if coder:
        needs_scale = member.categories == "target" and member.numbers != "raw"
        return call("make_pipeline", coder, _SCALER) if needs_scale else coder
    one_hot = 'OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=5, max_categories=30'
    sparse = ", sparse_output=False" if dense else ""
    return call("make_pipeline", 'SimpleImputer(strategy="most_frequent")', f"{one_hot}{sparse})")
