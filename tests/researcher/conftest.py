"""Small tables of every kind, and runs that are played without a harness."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ratchet.core.records import Experiment, Verdict
from researcher.ideas import OPENING
from researcher.proposal import Suggestion, propose
from researcher.recipe import Recipe, write_note

N_ROWS = 90


@pytest.fixture
def baseline() -> Experiment:
    """The plain train.py, measured."""
    return Experiment(0, "c0", "", Verdict.BASELINE, metric=0.8, hypothesis="baseline", cpu_time_s=0.1)


@pytest.fixture
def judged() -> Callable[..., Experiment]:
    """What the engine writes of a proposal: `judged(n, proposal, verdict, metric)`."""

    def judge(n: int, proposal: Suggestion, verdict: Verdict, metric: float | None = None) -> Experiment:
        return Experiment(
            n,
            f"c{n}",
            "",
            verdict,
            metric=metric,
            hypothesis=proposal.hypothesis,
            strategy=proposal.strategy,
            note=proposal.note,
            cpu_time_s=0.1,
        )

    return judge


@pytest.fixture
def opened(baseline: Experiment, judged: Callable[..., Experiment]) -> list[Experiment]:
    """A run that has played its opening and kept nothing of it."""
    history = [baseline]
    for n in range(1, len(OPENING) + 1):
        history.append(judged(n, propose(history, seed=1), Verdict.DISCARD, 0.79 - n / 1000))
    return history


@pytest.fixture
def remembered() -> Callable[..., Experiment]:
    """An experiment with that recipe: `remembered(n, recipe, verdict, metric)`."""

    def remember(n: int, recipe: Recipe, verdict: Verdict, metric: float | None = None, **more: Any) -> Experiment:
        return Experiment(n, f"c{n}", "", verdict, metric=metric, note=write_note(recipe, idea=f"idea {n}"), **more)

    return remember


@pytest.fixture(scope="session")
def target() -> np.ndarray:
    return (np.random.default_rng(0).random(N_ROWS) < 0.35).astype(int)


def _mixed(target: np.ndarray) -> pd.DataFrame:
    rng = np.random.default_rng(1)
    frame = pd.DataFrame(
        {
            "amount": rng.lognormal(size=N_ROWS) * 100 + target,
            "level": rng.normal(size=N_ROWS) + target,
            "count": rng.integers(0, 4, N_ROWS),
            "code": rng.integers(1, 5, N_ROWS),
            "signed": rng.normal(size=N_ROWS),
            "colour": rng.choice(["red", "green", "blue"], N_ROWS),
            "band": rng.choice(["'10-19'", "'20-29'", "none"], N_ROWS),
        }
    )
    frame.loc[rng.random(N_ROWS) < 0.2, "level"] = np.nan
    frame.loc[rng.random(N_ROWS) < 0.2, "colour"] = None
    return frame


def _categories(target: np.ndarray) -> pd.DataFrame:
    rng = np.random.default_rng(2)
    frame = pd.DataFrame({name: rng.choice(["a1", "b2", "c"], N_ROWS) for name in ("one", "two", "three")})
    frame["signal"] = np.where(rng.random(N_ROWS) < 0.8, target, 1 - target).astype(str)
    frame.loc[rng.random(N_ROWS) < 0.2, "two"] = None
    return frame


def _numbers(target: np.ndarray) -> pd.DataFrame:
    rng = np.random.default_rng(3)
    return pd.DataFrame({f"x{i}": rng.normal(size=N_ROWS) + target * (i == 0) for i in range(12)})


TABLES: dict[str, Callable[[np.ndarray], pd.DataFrame]] = {
    "mixed": _mixed,
    "categories": _categories,
    "numbers": _numbers,
}


@pytest.fixture(scope="session")
def tables(target: np.ndarray) -> dict[str, pd.DataFrame]:
    """A table of numbers, categories and gaps; one of categories alone; one of many numbers."""
    return {name: build(target) for name, build in TABLES.items()}
