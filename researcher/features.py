"""Row features: columns computed from a row alone, with no knowledge of the table.

Each is a helper function of train.py, kept here as source text. None assumes the name of a column, or that the table
has numbers or categories; missing values stay missing.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RowFeature:
    """A helper of feature_fn: its name, what it adds in words, why that may help, and its source."""

    function: str
    claim: str
    why: str
    source: str


_NUMBERS_IN_NAMES = '''\
def add_numbers_in_names(X):
    """Add the first number in the text of each category (40 for '40-49', 11 for 'A11'), 0 where there is none."""
    names = X.select_dtypes(exclude="number").astype(str)
    written = {f"number in {name}": names[name].str.extract(r"(\\d+)")[0].astype(float) for name in names}
    return X.assign(**{name: numbers.fillna(0) for name, numbers in written.items()})
'''

_ZERO_FLAGS = '''\
def add_zero_flags(X):
    """Add a flag for each number that is exactly zero; zero often means none, or not measured."""
    numbers = X.select_dtypes("number")
    return X.assign(**{f"{name} is zero": (numbers[name] == 0).astype(int) for name in numbers})
'''

_MISSING_COUNT = '''\
def add_missing_count(X):
    """Add the number of missing cells in the row."""
    return X.assign(missing_count=X.isna().sum(axis=1))
'''

_SIGNED_LOGS = '''\
def take_signed_logs(X):
    """Replace each number by its signed logarithm, which shortens long tails."""
    numbers = X.select_dtypes("number")
    return X.assign(**{name: np.sign(numbers[name]) * np.log1p(numbers[name].abs()) for name in numbers})
'''

_RATIOS = '''\
def add_ratios(X):
    """Add the ratio of each pair of the first eight numbers."""
    numbers = X.select_dtypes("number").iloc[:, :8]
    pairs = combinations(numbers, 2)
    return X.assign(**{f"{a} / {b}": numbers[a] / (1 + numbers[b].abs()) for a, b in pairs})
'''

_PRODUCTS = '''\
def add_products(X):
    """Add the product of each pair of the first eight numbers."""
    numbers = X.select_dtypes("number").iloc[:, :8]
    return X.assign(**{f"{a} * {b}": numbers[a] * numbers[b] for a, b in combinations(numbers, 2)})
'''

_NEIGHBOUR_STEPS = '''\
def add_neighbour_steps(X):
    """Add the difference of each number to the number in the column before it."""
    numbers = X.select_dtypes("number")
    return X.assign(**{f"step to {name}": step for name, step in numbers.diff(axis=1).iloc[:, 1:].items()})
'''

_ROW_PROFILE = '''\
def add_row_profile(X):
    """Add each number standardized by the mean and the standard deviation of its row."""
    numbers = X.select_dtypes("number").astype(float)
    spread = numbers.std(axis=1).fillna(0) + 1e-9
    profile = numbers.sub(numbers.mean(axis=1), axis=0).div(spread, axis=0)
    return X.assign(**{f"{name} in its row": profile[name] for name in profile})
'''

_ROW_SUMMARY = '''\
def add_row_summary(X):
    """Add the mean, standard deviation, minimum and maximum of the row's numbers."""
    numbers = X.select_dtypes("number")
    if numbers.shape[1] < 2:
        return X
    middle, spread = numbers.mean(axis=1), numbers.std(axis=1)
    return X.assign(row_mean=middle, row_spread=spread, row_least=numbers.min(axis=1), row_most=numbers.max(axis=1))
'''

_CATEGORY_PAIRS = '''\
def add_category_pairs(X):
    """Add the combination of each pair of the first six categories."""
    names = X.select_dtypes(exclude="number").iloc[:, :6].astype(str)
    return X.assign(**{f"{a} and {b}": names[a] + " " + names[b] for a, b in combinations(names, 2)})
'''

# In the order in which feature_fn applies them.
ROW_FEATURES: dict[str, RowFeature] = {
    "numbers_in_names": RowFeature(
        "add_numbers_in_names", "Numbers in category names", "categories such as 40-49 have an order", _NUMBERS_IN_NAMES
    ),
    "signed_logs": RowFeature(
        "take_signed_logs", "Logarithms of the numbers", "long tails hide differences among small values", _SIGNED_LOGS
    ),
    "neighbour_steps": RowFeature(
        "add_neighbour_steps",
        "Differences between neighbouring columns",
        "neighbouring columns often hold related measurements",
        _NEIGHBOUR_STEPS,
    ),
    "row_profile": RowFeature(
        "add_row_profile", "Numbers standardized within their row", "each row may have its own scale", _ROW_PROFILE
    ),
    "row_summary": RowFeature(
        "add_row_summary", "Mean, spread and extremes of the row", "the overall level of a row may matter", _ROW_SUMMARY
    ),
    "missing_count": RowFeature(
        "add_missing_count", "The number of missing cells", "values are seldom missing at random", _MISSING_COUNT
    ),
    "zero_flags": RowFeature(
        "add_zero_flags", "Flags for exact zeros", "zero often means none or not measured", _ZERO_FLAGS
    ),
    "ratios": RowFeature(
        "add_ratios", "Ratios of two numbers", "a ratio can be more informative than an amount", _RATIOS
    ),
    "products": RowFeature("add_products", "Products of two numbers", "some columns interact", _PRODUCTS),
    "category_pairs": RowFeature(
        "add_category_pairs", "Pairs of categories", "some categories only matter together", _CATEGORY_PAIRS
    ),
}


def in_order(features: Collection[str]) -> tuple[str, ...]:
    """Return the distinct features in the order in which they act, so that one set of them is one recipe."""
    return tuple(name for name in ROW_FEATURES if name in features)
