"""The pieces that stand between the table and the model: how numbers and categories are prepared, what comes after."""

from __future__ import annotations

from dataclasses import dataclass

from researcher.expressions import Expression, call
from researcher.families import Kind

LINEAR = frozenset({Kind.LINEAR})
SCALED = frozenset({Kind.LINEAR, Kind.SMOOTH})
TREES = frozenset({Kind.TREES})
ANY = frozenset(Kind)


@dataclass(frozen=True, slots=True)
class Piece:
    """One way to prepare columns: the word and the phrase that name it in train.py, whom it suits, what it is built of.

    `said` follows a model's title in a hypothesis ("on smooth curves"), and `why` says why that may help.
    """

    word: str
    phrase: str
    suits: frozenset[Kind]
    parts: tuple[Expression, ...]
    said: str
    why: str


# Sixty quantiles describe a column of a few hundred rows well enough, and never outnumber its rows by much.
_RANK_GAUSS = call("QuantileTransformer", n_quantiles=60, output_distribution="normal", random_state=0)
_BINS = call("KBinsDiscretizer", n_bins=5, encode="onehot-dense", quantile_method="averaged_inverted_cdf")
_HINGES = call("SplineTransformer", n_knots=5, degree=1, knots="quantile", extrapolation="linear")
_SPLINES = call("SplineTransformer", n_knots=4, degree=3, extrapolation="linear")
_SCALER = call("StandardScaler")

NUMBERS: dict[str, Piece] = {
    "standard": Piece(
        "scaled",
        "numbers on one scale",
        ANY,
        (_SCALER,),
        "on plainly scaled numbers",
        "what is simple is hard to mislead",
    ),
    "robust": Piece(
        "robust",
        "numbers on a scale of quartiles",
        SCALED,
        (call("RobustScaler"),),
        "on scales that outliers do not set",
        "one odd value can hide the rest",
    ),
    "rank_gauss": Piece(
        "ranked", "numbers by their rank", SCALED, (_RANK_GAUSS,), "on ranks", "only the order of the values may matter"
    ),
    "power": Piece(
        "unskewed",
        "numbers unskewed",
        SCALED,
        (call("PowerTransformer"),),
        "on unskewed numbers",
        "long tails drown the rest",
    ),
    "splines": Piece(
        "splined",
        "numbers as smooth curves",
        LINEAR,
        (_SPLINES, _SCALER),
        "on smooth curves",
        "risk rarely rises in a straight line",
    ),
    "hinges": Piece(
        "hinged",
        "numbers as lines with bends",
        LINEAR,
        (_HINGES, _SCALER),
        "on bent lines",
        "effects often start at some value",
    ),
    "bins": Piece(
        "binned", "numbers in five bins", LINEAR, (_BINS,), "on five bins a number", "steps can draw any shape"
    ),
    "raw": Piece("raw", "numbers as they are", TREES, (), "on the numbers as they are", "a cut needs no scale"),
}

_NUMBERED = call("OrdinalEncoder", handle_unknown="use_encoded_value", unknown_value=-1, encoded_missing_value=-1)

CATEGORIES: dict[str, Piece] = {
    "onehot": Piece("", "categories one-hot", ANY, (), "on one column a category", "categories have no order"),
    "target": Piece(
        "target_coded",
        "categories by target rate",
        ANY,
        (call("TargetEncoder", random_state=0),),
        "on categories coded by their target rate",
        "one number replaces many columns",
    ),
    "ordinal": Piece(
        "numbered",
        "categories numbered",
        TREES,
        (_NUMBERED,),
        "on numbered categories",
        "a cut can part several at once",
    ),
}

_PROTOTYPES = call("make_union", "passthrough", call("KMeans", n_clusters=8, n_init=1, random_state=0))
_PAIRS = call("PolynomialFeatures", degree=2, interaction_only=True, include_bias=False)
_SQUARES = call("PolynomialFeatures", degree=2, include_bias=False)

# In the order in which they act; selection comes first, so that what is built on it stays small.
STEPS: dict[str, Piece] = {
    "select_half": Piece(
        "",
        "",
        ANY,
        (call("SelectPercentile", percentile=50),),
        "on the better half of the columns",
        "the others carry mostly noise",
    ),
    "select_quarter": Piece(
        "",
        "",
        ANY,
        (call("SelectPercentile", percentile=25),),
        "on the best quarter of the columns",
        "few columns carry the signal",
    ),
    "pca": Piece(
        "",
        "",
        SCALED,
        (call("PCA", n_components=0.95),),
        "on principal components",
        "small directions are mostly noise",
    ),
    "pairs": Piece("", "", LINEAR, (_PAIRS,), "on products of columns", "some causes only act together"),
    "squares": Piece("", "", LINEAR, (_SQUARES,), "on squares and products", "effects bend and work together"),
    "kernel": Piece(
        "",
        "",
        LINEAR,
        (call("Nystroem", n_components=100, random_state=0),),
        "on a kernel map",
        "it bends the border where the rows are",
    ),
    "prototypes": Piece(
        "", "", ANY, (_PROTOTYPES,), "with distances to eight typical rows", "rows often come in groups"
    ),
}
