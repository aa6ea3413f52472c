from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from researcher.expressions import import_block
from researcher.features import ROW_FEATURES, in_order


def function_of(name: str) -> Callable[[pd.DataFrame], pd.DataFrame]:
    feature = ROW_FEATURES[name]
    space: dict[str, Callable[[pd.DataFrame], pd.DataFrame]] = {}
    exec(f"{import_block(feature.source)}\n\n{feature.source}", space)
    return space[feature.function]


each_feature = pytest.mark.parametrize("name", ROW_FEATURES)
each_table = pytest.mark.parametrize("table", ["mixed", "categories", "numbers"])


@each_feature
@each_table
def test_a_row_becomes_the_same_alone_as_in_a_batch(name: str, table: str, tables: dict[str, pd.DataFrame]) -> None:
    X, function = tables[table], function_of(name)
    together = function(X)
    reversed_half = function(X.iloc[::-2])
    pd.testing.assert_frame_equal(together.loc[reversed_half.index], reversed_half, check_dtype=False)
    alone = pd.concat([function(X.iloc[[row]]) for row in range(5)])
    pd.testing.assert_frame_equal(together.iloc[:5], alone, check_dtype=False)


@each_feature
@each_table
def test_the_rows_stay_as_they_are(name: str, table: str, tables: dict[str, pd.DataFrame]) -> None:
    X = tables[table].copy()
    result = function_of(name)(X)
    pd.testing.assert_frame_equal(X, tables[table])
    assert list(result.index) == list(X.index)
    assert set(X.columns) <= set(result.columns)
    assert result.columns.is_unique


@each_feature
@each_table
def test_no_column_is_infinite(name: str, table: str, tables: dict[str, pd.DataFrame]) -> None:
    numbers = function_of(name)(tables[table]).select_dtypes("number").astype(float)
    assert not np.isinf(numbers.to_numpy()).any()


@pytest.mark.parametrize(
    ("name", "row", "column", "expected"),
    [
        ("numbers_in_names", {"band": "'40-49'"}, "number in band", 40.0),
        ("numbers_in_names", {"band": "none"}, "number in band", 0.0),
        ("missing_count", {"a": np.nan, "b": None}, "missing_count", 2),
        ("zero_flags", {"a": 0.0}, "a is zero", 1),
        ("signed_logs", {"a": -(np.e - 1)}, "a", -1.0),
        ("row_summary", {"a": 1.0, "b": 3.0}, "row_mean", 2.0),
        ("neighbour_steps", {"a": 1.0, "b": 3.5}, "step to b", 2.5),
        ("ratios", {"a": 6.0, "b": -2.0}, "a / b", 2.0),
        ("products", {"a": 6.0, "b": -2.0}, "a * b", -12.0),
        ("category_pairs", {"a": "x", "b": "y"}, "a and b", "x y"),
    ],
)
def test_a_feature_says_what_it_claims(name: str, row: dict[str, object], column: str, expected: object) -> None:
    value = function_of(name)(pd.DataFrame([row]))[column].iloc[0]
    assert value == (pytest.approx(expected) if isinstance(expected, float) else expected)


def test_a_profile_is_free_of_the_scale_of_its_row() -> None:
    profile = function_of("row_profile")(pd.DataFrame({"a": [1.0, 10.0], "b": [2.0, 20.0], "c": [6.0, 60.0]}))
    added = profile.iloc[:, 3:]
    assert added.iloc[0].to_numpy() == pytest.approx(added.iloc[1].to_numpy())
    assert added.shape[1] == 3


@each_feature
def test_what_is_missing_is_not_filled_from_other_rows(name: str) -> None:
    X = pd.DataFrame({"a": [np.nan, 5.0, 7.0], "b": [1.0, 2.0, 3.0], "c": [None, "u1", "v2"]})
    assert function_of(name)(X)["a"].isna().tolist() == [True, False, False]


def test_one_set_of_features_has_one_order() -> None:
    assert in_order({"products", "ratios"}) == in_order(["ratios", "products", "ratios"])
