"""A small table to measure on."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.model_selection import StratifiedKFold, train_test_split

from harness.problem import Problem


def make_problem(n_rows: int = 160, n_classes: int = 2, seed: int = 0) -> Problem:
    """Rows whose class follows from two numbers and a category, with noise and missing cells."""
    rng = np.random.default_rng(seed)
    a, b = rng.normal(size=n_rows), rng.integers(0, 40, n_rows)
    text = rng.choice(["low", "high"], n_rows)
    signal = a + b / 20 + (text == "high") + rng.normal(size=n_rows)
    y = np.digitize(signal, np.quantile(signal, np.arange(1, n_classes) / n_classes)).astype(np.int64)
    X = pd.DataFrame({"a": np.where(rng.random(n_rows) < 0.05, np.nan, a), "b": b, "text": text})
    train, test = train_test_split(np.arange(n_rows), test_size=0.2, stratify=y, random_state=42)
    folds = StratifiedKFold(5, shuffle=True, random_state=42).split(train, y[train])
    return Problem(X, y, train, test, [(train[fit], train[val]) for fit, val in folds], 42)
