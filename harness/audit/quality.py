"""Quality of a table: constant columns, rare classes, a test part unlike the train part, preprocessing on all rows."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
from scipy.stats import t as student

from harness.audit.base import Finding, LeakType, Severity, View
from harness.audit.models import scores_out_of_fold
from harness.data.config import ColumnType
from harness.data.split import rows_together
from harness.data.table import Floats, Integers, Table
from harness.stats import auc

FEW_ROWS = 25  # of a class in the train part: five in each of five folds
FEW_TEST_ROWS = 10  # of a class in the test part
UNLIKE = 0.6  # AUC of a classifier of test rows against train rows
PART_ROWS = 2_000  # of each part that this classifier gets
MIN_TEST_ROWS = 20  # or groups, for the classifier; with fewer, means are compared
MIN_VALUES = 10  # different numbers of a column in which a stand-in for missing cells can be seen
FEW_CODES = 2  # cells; one alone is an outlier
ZERO_GAP = 0.2  # of the median: zeros this far below all others are no measurement
FAR_APART = 1.0  # standard deviations between the means of both parts


def constant(view: View) -> Iterator[Finding]:
    """Find columns with one value in every row."""
    X = view.table.X
    names = [name for name in X.columns if X[name].nunique(dropna=False) <= 1]
    if names:
        yield Finding(
            "constant-columns",
            Severity.INFO,
            f"{_names(names)}: one value in every row",
            f"No model can learn from it. {_drop(names)}",
            LeakType.NONE,
        )


def stand_ins(view: View) -> Iterator[Finding]:
    """Find numbers that may stand for a missing cell: -999 far from all others, zeros far below them."""
    for name, cells in zip(_numeric(view), view.table.features.numbers, strict=True):
        values, counts = np.unique(cells[~np.isnan(cells)], return_counts=True)
        if view.table.card.kinds[name] is not ColumnType.NUMBER or len(values) < MIN_VALUES:
            continue
        for place, others in ((0, values[1:]), (-1, values[:-1])):
            value, spread = float(values[place]), float(others[-1] - others[0])
            gap = abs(value - float(others[0 if place == 0 else -1]))
            is_code = re.fullmatch(r"-?(9{2,}|8{2,}|1)", f"{value:.0f}") is not None and gap > spread
            is_zero = value == 0 and place == 0 and others[0] > ZERO_GAP * float(np.median(others))
            if counts[place] >= FEW_CODES and (is_code or is_zero):
                yield Finding(
                    "stand-in",
                    Severity.INFO,
                    f"{name!r} is {value:g} in {counts[place]:,} rows, {others[0]:g} to {others[-1]:g} in all others",
                    f"If it means a missing cell, say so: --na={value:g}, or replace it in feature_fn.",
                    LeakType.NONE,
                )


def rare_classes(view: View) -> Iterator[Finding]:
    """Find classes with so few rows that a score on them is mostly noise."""
    table = view.table
    in_train = np.bincount(table.y[view.train], minlength=len(table.classes))
    in_test = np.bincount(table.y[view.test], minlength=len(table.classes))
    for name, n_train, n_test in zip(table.classes, in_train, in_test, strict=True):
        if n_train < FEW_ROWS or n_test < FEW_TEST_ROWS:
            yield Finding(
                "rare-class",
                Severity.WARNING,
                f"class {name!r} has {n_train} train rows and {n_test} test rows",
                "Read every score with its standard error, merge the class with another one, or add rows.",
                LeakType.NO_TEST_SET if n_test < FEW_TEST_ROWS else LeakType.NONE,
            )


def unlike_parts(view: View) -> Iterator[Finding]:
    """Find a test part that a model tells from the train part by the features alone."""
    train, test = (view.sample(_one_each(view.table, rows), PART_ROWS) for rows in (view.train, view.test))
    evidence = _separated_by_model(view, train, test) if len(test) >= MIN_TEST_ROWS else _separated_by_means(view)
    if not evidence:
        return
    by_time = view.table.times is not None
    way_out = "look at the columns that differ"
    if view.table.groups is not None:
        way_out = "add groups, or choose another group column"
    yield Finding(
        "test-unlike-train",
        Severity.INFO if by_time else Severity.WARNING,
        evidence,
        "The table changes with time: test_auc can differ from val_auc."
        if by_time
        else f"The held-out rows are of another kind than the train rows: {way_out}.",
        LeakType.SAMPLING,
    )


def prepared_before(view: View) -> Iterator[Finding]:
    """Find columns that were scaled, or whose missing cells were imputed, with the test rows included."""
    scaled, filled = [], []
    for name, cells in zip(_numeric(view), view.table.features.numbers, strict=True):
        values = cells[~np.isnan(cells)]
        if len(np.unique(values)) < 10 or np.all(values == np.round(values)):
            continue
        if abs(values.mean()) < 1e-6 and min(abs(values.std() - 1), abs(values.std(ddof=1) - 1)) < 1e-6:
            scaled.append(name)
        if _is_filled(values):
            filled.append(name)
    for names, what in ((scaled, "scaled to mean 0 and SD 1"), (filled, "imputed with the mean or median")):
        if names:
            yield Finding(
                "prepared-before",
                Severity.WARNING,
                f"{_names(names)}: {what} of all rows, so the train rows depend on the test rows",
                "Use the table as it was before: scaling and imputation belong in build_pipeline.",
                LeakType.PREPROCESSING,
            )


def _separated_by_model(view: View, train: Integers, test: Integers) -> str:
    rows, is_test = np.concatenate([train, test]), np.repeat([0, 1], [len(train), len(test)])
    scores = scores_out_of_fold(view.table.X.iloc[rows], is_test, seed=view.seed)
    if scores is None:
        return ""
    area = auc(is_test, scores)
    error = float(np.sqrt((len(rows) + 1) / (12 * len(train) * len(test))))  # of the Mann-Whitney statistic at 0.5
    if area is None or area <= max(UNLIKE, 0.5 + 4 * error):
        return ""
    return f"a model tells test rows from train rows with AUC {area:.2f} (0.50 if they are alike)"


def _separated_by_means(view: View) -> str:
    """Return the column whose mean differs most; used if there are too few groups for a model."""
    worst = ("", 0.0)
    for name, cells in zip(_numeric(view), view.table.features.numbers, strict=True):
        train, test = (cells[rows][~np.isnan(cells[rows])] for rows in (view.train, view.test))
        if len(train) > 1 and len(test) > 1 and (spread := float(train.std())) > 0:
            worst = max(worst, (name, abs(float(test.mean() - train.mean())) / spread), key=lambda pair: pair[1])
    rarest = float(student.isf(0.005 / max(1, len(_numeric(view))), max(1, len(view.train) - 1)))
    chance = rarest * (1 / len(view.train) + 1 / len(view.test)) ** 0.5
    if worst[1] < max(FAR_APART, chance):  # the largest of many differences is large by chance
        return ""
    return (
        f"the mean of {worst[0]!r} in the test part is {worst[1]:.1f} standard deviations from that in the train part"
    )


def _one_each(table: Table, rows: Integers) -> Integers:
    """Return one row of each group: from other rows of a group the model would know its part."""
    together = rows_together(table)
    return rows if together is None else rows[np.unique(together[rows], return_index=True)[1]]


def _is_filled(values: Floats) -> bool:
    """Whether one value is far more frequent than all others, and is their mean or median."""
    distinct, counts = np.unique(values, return_counts=True)
    if len(distinct) < 30:
        return False
    most, next_most = np.argsort(counts)[::-1][:2]
    others = values[values != distinct[most]]
    if counts[most] < max(5, 0.02 * len(values)) or counts[most] < 5 * counts[next_most]:
        return False
    near = 1e-6 * max(float(others.std()), abs(float(distinct[most])))
    return bool(min(abs(others.mean() - distinct[most]), abs(np.median(others) - distinct[most])) <= near)


def _numeric(view: View) -> list[str]:
    return [name for name in view.table.X.columns if name not in view.table.features.categories]


def _names(names: list[str]) -> str:
    return ", ".join(map(repr, names[:5])) + (f" and {len(names) - 5} more" if len(names) > 5 else "")


def _drop(names: list[str]) -> str:
    return " ".join(f"--drop {name!r}" for name in names[:5])
