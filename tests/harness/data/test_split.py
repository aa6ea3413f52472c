"""Rows are split into train and test part, and into folds."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import StratifiedKFold, train_test_split
from tables import make_frame, take

from harness.data.config import Duplicates, TableError
from harness.data.split import describe_split, equal_rows, folds, rows_together, train_test
from harness.data.table import Table


def test_a_plain_split_is_scikit_learns_to_the_last_row(tmp_path: Path) -> None:
    table = take(tmp_path, make_frame()).table
    train, test = train_test(table, test_size=0.2, seed=42)
    expected = train_test_split(np.arange(200), test_size=0.2, stratify=table.y, random_state=42, shuffle=True)
    assert (train == expected[0]).all()
    assert (test == expected[1]).all()
    cut = folds(table, train, n_folds=5, seed=42)
    plain = StratifiedKFold(5, shuffle=True, random_state=42).split(train, table.y[train])
    for (fit, val), (plain_fit, plain_val) in zip(cut, plain, strict=True):
        assert (fit == train[plain_fit]).all()
        assert (val == train[plain_val]).all()


def check_folds(table: Table, n_folds: int = 5, partition: int = 0) -> list[tuple[np.ndarray, np.ndarray]]:  # type: ignore[type-arg]
    """Check that no row is on two sides, and that every class is on both."""
    train, test = train_test(table, test_size=0.2, seed=42)
    assert not set(train) & set(test)
    assert len(set(train) | set(test)) == len(table.y)
    cut = folds(table, train, n_folds=n_folds, seed=42, partition=partition)
    assert len(cut) == n_folds
    for fit, val in [(train, test), *cut]:
        assert not set(fit) & set(val)
        assert set(table.y[fit]) == set(table.y[val]) == set(range(len(table.classes)))
    assert all(set(fit) | set(val) <= set(train) for fit, val in cut)
    return [(train, test), *cut]


@pytest.mark.parametrize("n_people", [25, 700])
def test_an_entity_stands_on_one_side(tmp_path: Path, n_people: int) -> None:
    frame = make_frame(2100).assign(person=[f"p{row % n_people}" for row in range(2100)])
    table = take(tmp_path, frame, group="person").table
    assert "person" not in table.X.columns
    for fit, val in check_folds(table):
        assert not set(frame["person"][fit]) & set(frame["person"][val])
        assert 0.15 < len(val) / (len(fit) + len(val)) < 0.25


def test_a_row_that_names_no_entity_is_one_by_itself(tmp_path: Path) -> None:
    frame = make_frame().assign(person=["p1", "", "p2", ""] * 50)
    table = take(tmp_path, frame, group="person").table
    assert table.groups is not None
    assert len(np.unique(table.groups)) == 102


def test_the_future_is_never_behind_the_past(tmp_path: Path) -> None:
    day = np.random.default_rng(1).permutation(np.arange(200) // 2)
    frame = make_frame().assign(day=(pd.Timestamp("2024-01-01") + pd.to_timedelta(day, unit="D")).strftime("%d.%m.%Y"))
    table = take(tmp_path, frame, time="day").table
    assert "day" not in table.X.columns
    parts = check_folds(table)
    for fit, val in parts:
        assert day[fit].max() < day[val].min()
    assert 35 <= len(parts[0][1]) <= 45
    assert (
        np.concatenate([val for _, val in parts[1:]]).size == np.unique(np.concatenate([v for _, v in parts[1:]])).size
    )


def test_another_partition_cuts_elsewhere_and_the_same_one_at_the_same_place(tmp_path: Path) -> None:
    frame = make_frame().assign(day=np.arange(200), person=np.arange(200) // 3)
    for options in (
        {"time": "day", "drop": ("person",)},
        {"group": "person", "drop": ("day",)},
        {"drop": ("person", "day")},
    ):
        table = take(tmp_path, frame, **options).table
        first, again, other = (
            [tuple(val) for _, val in check_folds(table, partition=partition)[1:]] for partition in (0, 0, 1)
        )
        assert first == again
        assert first != other


def test_copies_of_a_row_stay_on_one_side_by_default(tmp_path: Path) -> None:
    frame = make_frame()
    frame = pd.concat([frame, frame.iloc[:60], frame.iloc[:20]], ignore_index=True)
    table = take(tmp_path, frame).table
    original = np.concatenate([np.arange(200), np.arange(60), np.arange(20)])
    for fit, val in check_folds(table):
        assert not set(original[fit]) & set(original[val])
    assert "80 duplicate rows stay on one side with their original" in describe_split(table, test_size=0.2, n_folds=5)


def test_copies_of_a_row_are_free_where_the_card_says_so(tmp_path: Path) -> None:
    frame = make_frame()
    table = take(tmp_path, pd.concat([frame, frame.iloc[:60]])).table
    apart = replace(table, card=replace(table.card, duplicates=Duplicates.APART))
    assert rows_together(apart) is None
    train, _ = train_test(apart, test_size=0.2, seed=42)
    plain = train_test_split(np.arange(260), test_size=0.2, stratify=table.y, random_state=42)[0]
    assert (train == plain).all()


def test_a_table_of_few_different_rows_is_split_all_the_same(tmp_path: Path) -> None:
    frame = make_frame(400)[["k", "colour", "y"]].assign(k=0)
    table = take(tmp_path, frame).table
    assert rows_together(table) is None
    check_folds(table)


def test_equal_rows_have_one_number() -> None:
    numbers = np.array([0.0, -0.0, np.nan, np.nan, 1.0, 0.0])
    codes = np.array([1, 1, -1, -1, 1, 2], np.int32)
    assert equal_rows([numbers, codes]).tolist() == [0, 0, 1, 1, 2, 3]


@pytest.mark.parametrize(
    ("frame", "options", "expected"),
    [
        (make_frame().assign(y=["yes"] * 3 + ["no"] * 197), {}, "class 'yes' has 3 rows, too few for every fold"),
        (make_frame().assign(y=["a"] * 100 + ["b"] * 99 + ["c"]), {}, "class 'c' has 1 row, too few"),
        (
            make_frame().assign(p=["p"] * 90 + ["q"] * 110, y=["yes"] * 90 + ["no"] * 110),
            {"group": "p"},
            r"has .* rows of 1 'p', too few for every fold",
        ),
        (make_frame().assign(d=range(200), y=["yes"] * 100 + ["no"] * 100), {"time": "d"}, "Remove time"),
        (make_frame().assign(d=7), {"time": "d"}, "Remove time"),
    ],
)
def test_a_class_too_rare_to_go_round_is_reported_in_one_line(
    tmp_path: Path, frame: pd.DataFrame, options: dict[str, str], expected: str
) -> None:
    table = take(tmp_path, frame, **options).table
    with pytest.raises(TableError, match=expected) as caught:
        folds(table, train_test(table, test_size=0.2, seed=42)[0], n_folds=5, seed=42)
    assert "\n" not in str(caught.value)


def test_the_line_says_which_split_is_in_force(tmp_path: Path) -> None:
    frame = make_frame().assign(day=np.arange(200), person=np.arange(200) // 4)

    def report(**options: object) -> str:
        return describe_split(take(tmp_path, frame, **options).table, test_size=0.2, n_folds=5)

    assert report(drop=("day", "person")) == "stratified, 20% test, 5 folds"
    assert report(group="person", drop=("day",)).startswith("by person: 50 groups, each on one side")
    assert report(time="day", drop=("person",)).startswith("by day: fit on earlier rows")
