"""Stored scores are loaded unchanged, or not at all."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from harness.score_store import key, load, save

FOLDS = [np.array([0.1, 1 / 3]), np.array([0.2])]


def test_scores_come_back_to_the_last_bit(tmp_path: Path) -> None:
    save(tmp_path / "scores", "source", FOLDS, np.array([0.5]))
    again = load(tmp_path / "scores", "source", 2)
    assert again is not None
    assert all((a == b).all() for a, b in zip(FOLDS, again, strict=True))
    assert [path.suffix for path in (tmp_path / "scores").iterdir()] == [".npz"]


def test_what_is_missing_or_damaged_is_none(tmp_path: Path) -> None:
    assert load(tmp_path, "other", 2) is None
    save(tmp_path, "source", FOLDS, None)
    assert load(tmp_path, "source", 3) is None
    (tmp_path / f"{key('source')}.npz").write_bytes(b"PK\x03\x04 torn")
    assert load(tmp_path, "source", 2) is None
