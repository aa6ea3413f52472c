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


_CODE = '''\
def add_numbers_in_names(X):
    """Add the first number in the text of each category (40 for '40-49', 11 for 'A11'), 0 where there is none."""
    names = X.select_dtypes(exclude="number").astype(str)
    written = {f"number in {name}": names[name].str.extract(r"(\\d+)")[0].astype(float) for name in names}
    return X.assign(**{name: numbers.fillna(0) for name, numbers in written.items()})

def add_zero_flags(X):
    """Add a flag for each number that is exactly zero; zero often means none, or not measured."""
    numbers = X.select_dtypes("number")
    return X.assign(**{f"{name} is zero": (numbers[name] == 0).astype(int) for name in numbers})

def add_missing_count(X):
    """Add the number of missing cells in the row."""
    return X.assign(missing_count=X.isna().sum(axis=1))

def take_signed_logs(X):
    """Replace each number by its signed logarithm, which shortens long tails."""
    numbers = X.select_dtypes("number")
    return X.assign(**{name: np.sign(numbers[name]) * np.log1p(numbers[name].abs()) for name in numbers})

def add_ratios(X):
    """Add the ratio of each pair of the first eight numbers."""
    numbers = X.select_dtypes("number").iloc[:, :8]
    pairs = combinations(numbers, 2)
    return X.assign(**{f"{a} / {b}": numbers[a] / (1 + numbers[b].abs()) for a, b in pairs})

def add_products(X):
    """Add the product of each pair of the first eight numbers."""
    numbers = X.select_dtypes("number").iloc[:, :8]
    return X.assign(**{f"{a} * {b}": numbers[a] * numbers[b] for a, b in combinations(numbers, 2)})

def add_neighbour_steps(X):
    """Add the difference of each number to the number in the column before it."""
    numbers = X.select_dtypes("number")
    return X.assign(**{f"step to {name}": step for name, step in numbers.diff(axis=1).iloc[:, 1:].items()})

def add_row_profile(X):
    """Add each number standardized by the mean and the standard deviation of its row."""
    numbers = X.select_dtypes("number").astype(float)
    spread = numbers.std(axis=1).fillna(0) + 1e-9
    profile = numbers.sub(numbers.mean(axis=1), axis=0).div(spread, axis=0)
    return X.assign(**{f"{name} in its row": profile[name] for name in profile})

def add_row_summary(X):
    """Add the mean, standard deviation, minimum and maximum of the row's numbers."""
    numbers = X.select_dtypes("number")
    if numbers.shape[1] < 2:
        return X
    middle, spread = numbers.mean(axis=1), numbers.std(axis=1)
    return X.assign(row_mean=middle, row_spread=spread, row_least=numbers.min(axis=1), row_most=numbers.max(axis=1))

def add_category_pairs(X):
    """Add the combination of each pair of the first six categories."""
    names = X.select_dtypes(exclude="number").iloc[:, :6].astype(str)
    return X.assign(**{f"{a} and {b}": names[a] + " " + names[b] for a, b in combinations(names, 2)})
'''
_SOURCES = {code.removeprefix("def ").partition("(")[0]: f"{code.strip()}\n" for code in _CODE.split("\n\n")}


def _feature(function: str, claim: str, why: str) -> RowFeature:
    return RowFeature(function, claim, why, _SOURCES[function])


# In the order in which feature_fn applies them.
ROW_FEATURES: dict[str, RowFeature] = {
    "numbers_in_names": _feature(
        "add_numbers_in_names", "Numbers in category names", "categories such as 40-49 have an order"
    ),
    "signed_logs": _feature(
        "take_signed_logs", "Logarithms of the numbers", "long tails hide differences among small values"
    ),
    "neighbour_steps": _feature(
        "add_neighbour_steps",
        "Differences between neighbouring columns",
        "neighbouring columns often hold related measurements",
    ),
    "row_profile": _feature(
        "add_row_profile", "Numbers standardized within their row", "each row may have its own scale"
    ),
    "row_summary": _feature(
        "add_row_summary", "Mean, spread and extremes of the row", "the overall level of a row may matter"
    ),
    "missing_count": _feature(
        "add_missing_count", "The number of missing cells", "values are seldom missing at random"
    ),
    "zero_flags": _feature("add_zero_flags", "Flags for exact zeros", "zero often means none or not measured"),
    "ratios": _feature("add_ratios", "Ratios of two numbers", "a ratio can be more informative than an amount"),
    "products": _feature("add_products", "Products of two numbers", "some columns interact"),
    "category_pairs": _feature("add_category_pairs", "Pairs of categories", "some categories only matter together"),
}


def in_order(features: Collection[str]) -> tuple[str, ...]:
    """Return the distinct features in the order in which they act, so that one set of them is one recipe."""
    return tuple(name for name in ROW_FEATURES if name in features)
