"""Columns of text, stored as codes and distinct texts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

TEXT = pd.Series(["text"]).dtype  # str from pandas 3 on, object before


def look_up(texts: Sequence[str], codes: np.ndarray[Any, Any], dtype: Any = TEXT) -> pd.Series[Any]:
    """Return the text of each code, shape (n_rows,); the code -1, a missing cell, becomes NaN."""
    found: pd.Series[Any] = pd.Series([*texts, np.nan], dtype=dtype)
    return found.take(codes).reset_index(drop=True)
