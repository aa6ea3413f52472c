"""The table of the comparison: a table counts as one, errors are within tables, and only what all have is compared."""

from __future__ import annotations

import pytest

from benchmarks.pages import report
from benchmarks.standings import Cell, common_keys, estimate, standings


def cells(method: str, tests: dict[tuple[str, int], float], val: float | None = 0.9) -> list[Cell]:
    return [Cell(table, split, method, 5.0, val, test, 4.0) for (table, split), test in tests.items()]


OURS = {("a", 0): 0.8, ("a", 1): 0.9, ("a", 2): 0.85, ("b", 0): 0.6, ("b", 1): 0.6}
THEIRS = {("a", 0): 0.7, ("a", 1): 0.8, ("a", 2): 0.75, ("b", 0): 0.7, ("b", 1): 0.64}


def test_a_table_counts_as_one_however_many_splits_it_has() -> None:
    assert estimate(OURS).value == pytest.approx((0.85 + 0.6) / 2)


def test_the_error_is_the_pooled_one_within_tables() -> None:
    se_a = 0.05 / 3**0.5  # the SD of .8, .9, .85 is .05; b does not vary
    assert estimate(OURS).se == pytest.approx(se_a / 2)
    assert estimate({("a", 0): 0.8, ("b", 0): 0.6}).se is None


def test_methods_are_paired_split_by_split() -> None:
    ours, theirs = standings([*cells("ours", OURS), *cells("theirs", THEIRS)])
    assert (ours.method, theirs.method) == ("ours", "theirs")
    difference = ours.against["theirs"]
    assert difference.value == pytest.approx((0.1 - 0.07) / 2)
    assert difference.se == pytest.approx(0.03 / 2)  # a differs by .1 always; b by .1 and .04
    assert difference.won == 1
    assert theirs.against["ours"].value == pytest.approx(-difference.value)


def test_rank_and_wins_are_by_table_and_equals_share() -> None:
    ours, theirs = standings([*cells("ours", OURS), *cells("theirs", THEIRS)])
    assert (ours.rank, theirs.rank, ours.won, theirs.won) == (1.5, 1.5, 1, 1)
    twins = standings([*cells("one", OURS), *cells("two", OURS)])
    assert [line.rank for line in twins] == [1.5, 1.5]


def test_only_splits_that_every_method_has_are_compared() -> None:
    some = [*cells("ours", OURS), *cells("theirs", {("a", 1): 0.7})]
    assert common_keys(some) == [("a", 1)]
    assert [line.test.value for line in standings(some)] == [0.9, 0.7]
    assert standings([*cells("ours", OURS), *cells("theirs", {("c", 0): 0.7})]) == []
    assert standings([]) == []


def test_the_gap_is_val_less_test_and_absent_where_val_was_not_measured() -> None:
    (line,) = standings(cells("ours", {("a", 0): 0.8, ("b", 0): 0.6}))
    assert line.gap == pytest.approx(0.2)
    (line,) = standings(cells("ours", OURS, val=None))
    assert line.gap is None


def test_logreg_stands_at_every_budget_and_a_cell_measured_twice_counts_once() -> None:
    def row(method: str, budget: float, test: float, code: str = "") -> dict[str, object]:
        named = {"table": "a", "split": 0, "method": method, "budget_s": budget, "placebo": False, "code": code}
        return {**named, "val": None, "test": test, "cpu_s": 1.0, "n": 1, "versions": {"python": "3.11"}}

    rows = [row("logreg", 0.0, 0.7), row("ratchet", 5.0, 0.6, "old"), row("ratchet", 5.0, 0.8, "new")]
    text = report([*rows, row("ratchet", 15.0, 0.9, "new")], [5.0, 15.0])
    assert "ratchet - logreg: +0.1000 ± -, above on 1 tables" in text
    assert "ratchet - logreg: +0.2000 ± -, above on 1 tables" in text
    assert report([], [5.0]) == "no cell is measured yet"
