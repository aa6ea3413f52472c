"""Small tables for the tests: made in memory, written to a folder, ingested."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from harness.data.ingest import Intake, infer
from harness.data.options import IntakeOptions
from harness.data.sniff import Hints


def make_frame(n_rows: int = 200, seed: int = 0) -> pd.DataFrame:
    """Numbers, a category, missing cells, and a class "y" that follows from them with noise."""
    rng = np.random.default_rng(seed)
    a, text = rng.normal(size=n_rows), rng.choice(["red", "green", "blue"], n_rows)
    return pd.DataFrame(
        {
            "a": a.round(6),
            "k": rng.integers(0, 6, n_rows),
            "m": np.where(rng.random(n_rows) < 0.1, np.nan, rng.normal(size=n_rows).round(6)),
            "colour": text,
            "y": np.where(a + (text == "red") + rng.normal(size=n_rows) > 0.3, "yes", "no"),
        }
    )


def take(
    root: Path, content: pd.DataFrame | str | bytes, target: str = "y", *, name: str = "t.csv", **options: Any
) -> Intake:
    """Write a file at `root` and take it in."""
    hints = Hints(**{key: options.pop(key) for key in ("sep", "header", "na", "keep_na") if key in options})
    if isinstance(content, pd.DataFrame):
        content = content.to_csv(index=False)
    (root / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return infer(root, IntakeOptions(name, target, name=options.pop("called", ""), hints=hints, **options))
