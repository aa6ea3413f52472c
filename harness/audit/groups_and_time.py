"""Dependent rows: dates in a table without a time split, entities with several rows and no group split."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd

from harness.audit.base import Finding, LeakType, Severity, View
from harness.data.config import ColumnType
from harness.data.table import Integers

TIME_NAME = re.compile(
    r"(^|[_\W])(date|time|timestamp|datetime|year|month|quarter|week|when|created|updated)($|[_\W\d])", re.I
)
LENGTH_NAME = re.compile(
    r"(^|[_\W])(per|in|at|since|until|till|to|between|spent|elapsed|duration|length|hours?|days?|minutes?|mins?|seconds?|"
    r"secs?|months|years|weeks|last|avg|average|mean|total|n|num|count)($|[_\W])",
    re.I,
)
RANGES = {"year": (1800, 2200), "month": (1, 12), "quarter": (1, 4), "week": (1, 53)}  # of moments written as numbers
EPOCH_SECONDS = 1e8  # the smallest number of seconds since 1970 that is taken for a moment
BIRTH_NAME = re.compile(r"birth|born|dob", re.I)
ENTITY_NAME = re.compile(
    r"(patient|subject|person|user|customer|client|account|household|player|student|member|employee|driver|device|"
    r"machine|sensor|store|shop|session|site|hospital|school|company|farm|animal|participant|respondent)"
    r"([_\W]?(id|no|nr|num|number|key|code|name))?$|(^|[_\W])(id|uuid)$|(?-i:[a-z]I[dD]$)",
    re.I,
)
KEY_NAME = re.compile(r"([_\W](id|no|nr|num|number|key|code|uuid)|(?-i:[a-z]I[dD]))$|^(id|uuid)$", re.I)
ALIKE = {True: 0.6, False: 0.35}  # least similarity of the rows of an entity whose column is a number, or text
NAMED_ALIKE = 0.1  # the same, if the name ends like an entity, as years_at_company does, and is no key
MIN_ENTITIES = 20
MIN_PAIRS = 20
RANDOM_PAIRS = 5000
WIDE = 200  # columns; of more, about MAX_COMPARED are compared, evenly spaced
MAX_COMPARED = 20  # with 50, a table of 5,000 integer columns took 45 s

Pairs = tuple[Integers, Integers]


def dates(view: View) -> Iterator[Finding]:
    """Find columns of times in a table that is not split by time."""
    if view.table.times is not None:
        return
    for name in view.table.X.columns:
        is_date = view.table.card.kinds[name] is ColumnType.DATE
        if BIRTH_NAME.search(name) or not (is_date or _is_moment(name, view)):
            continue
        yield Finding(
            "no-time-split",
            Severity.WARNING if is_date else Severity.INFO,
            f"{name!r} looks like a time, and both sides of the split contain rows of all times",
            f"If the model is used to predict the future, split by it: --time {name!r}. If not, nothing is wrong.",
            LeakType.TEMPORAL,
        )


def entities(view: View) -> Iterator[Finding]:
    """Find columns that name an entity with several rows, in a table without a group split."""
    if view.table.groups is not None:
        return
    for name in view.columns("entities"):
        code, values = pd.factorize(view.cells(name))
        if not _may_name(name, view.cells(name), n_rows=int((code >= 0).sum()), n_values=len(values)):
            continue
        alike = _likeness(name, code, view)
        named = ENTITY_NAME.search(name)
        needed = ALIKE[name not in view.table.features.categories]
        if named:
            needed = 0.0 if KEY_NAME.search(name) else NAMED_ALIKE
        if alike is not None and alike >= needed:
            yield Finding(
                "no-group-split",
                Severity.WARNING,
                f"{name!r} has {len(values):,} values in {(code >= 0).sum():,} rows; rows that share a value are "
                f"{alike:.0%} similar in the other columns (0%: as other rows, 100%: duplicates)",
                f"If it names the person or thing that a row describes, split by it: --group {name!r}",
                LeakType.DEPENDENCE,
            )


def _is_moment(name: str, view: View) -> bool:
    """Whether a column of numbers is named like a time and holds years, parts of a year, or a clock that runs on.

    A length of time, such as hours per week, is no moment.
    """
    named = TIME_NAME.search(name)
    if not named or LENGTH_NAME.search(name) or name in view.table.features.categories:
        return False
    cells = view.cells(name).dropna().to_numpy(np.float64)
    if not len(cells):
        return False
    low, high = RANGES.get(named[2].lower(), (EPOCH_SECONDS, np.inf))
    runs_on = len(np.unique(cells)) >= MIN_ENTITIES and bool((np.diff(cells) >= 0).all())
    return runs_on or bool(low <= cells.min() and cells.max() <= high and (cells == np.round(cells)).all())


def _may_name(name: str, cells: pd.Series[Any], *, n_rows: int, n_values: int) -> bool:
    """Whether the number of values suits entities with a few rows each."""
    if n_values < MIN_ENTITIES or n_values > 0.98 * n_rows:
        return False
    if pd.api.types.is_numeric_dtype(cells.dtype):
        values = cells.dropna().to_numpy(np.float64)
        if (values != np.round(values)).any():
            return False
    return ENTITY_NAME.search(name) is not None or n_values >= n_rows / 30


def _likeness(name: str, code: Integers, view: View) -> float | None:
    """Return how similar rows that share a value of a column are in the other columns and in class.

    The mean over the columns: 0 is as similar as rows with another value, 1 is duplicates. For a number, the other
    value is the next larger one: neighbouring amounts have similar rows, neighbouring identifiers do not. None if
    fewer than MIN_PAIRS pairs share a value.
    """
    cells = view.cells(name)
    present = np.flatnonzero(code >= 0)
    is_number = pd.api.types.is_numeric_dtype(cells.dtype)
    order = present[np.argsort(cells.to_numpy()[present] if is_number else code[present], kind="stable")]
    one, other = order[:-1], order[1:]
    shared = code[one] == code[other]
    if shared.sum() < MIN_PAIRS:
        return None
    left, right = np.random.default_rng(view.seed).integers(0, len(code), (2, RANDOM_PAIRS))
    usual = [(left, right)]
    if is_number:  # the likeness is the smaller one: few pairs of neighbouring values alone say little
        usual.append((one[~shared], other[~shared]))
    columns = [view.cells(key).to_numpy() for key in _compared(view) if key != name]
    columns.append(view.table.y.astype(object))
    pairs = (one[shared], other[shared])
    return max(0.0, min(float(np.mean([_alike(column, pairs, apart) for column in columns])) for apart in usual))


def _compared(view: View) -> Sequence[str]:
    """Return the names of the columns in which rows are compared: all, or some of a wide table."""
    names = view.table.features.names
    return names if len(names) <= WIDE else names[:: len(names) // MAX_COMPARED]


def _alike(cells: np.ndarray[Any, Any], pairs: Pairs, apart: Pairs) -> float:
    if cells.dtype == np.float64:
        near, usual = (float(np.nanmean((cells[one] - cells[other]) ** 2)) for one, other in (pairs, apart))
    else:
        near, usual = (float(np.mean(cells[one] != cells[other])) for one, other in (pairs, apart))
    return 1 - near / usual if usual > 0 and np.isfinite(near) else 0.0
