"""Keep the out-of-fold scores of every experiment, by the hash of its source: small, and evidence for later.

Only the trusted side writes here. A file is written whole (temporary file, then os.replace) or not at all.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from harness.problem import Scores


def key(source: str) -> str:
    """Return the name under which this source's scores are kept."""
    return hashlib.sha256(source.encode()).hexdigest()[:32]


def save(folder: Path, source: str, folds: Sequence[Scores | None], test: Scores | None) -> None:
    """Keep the scores of each fold's validation rows, in the order of the fold, and those of the test rows."""
    folder.mkdir(parents=True, exist_ok=True)
    arrays = {f"fold_{i}": scores for i, scores in enumerate(folds) if scores is not None}
    if test is not None:
        arrays["test"] = test
    handle, name = tempfile.mkstemp(dir=folder, suffix=".tmp")
    with os.fdopen(handle, "wb") as file:
        np.savez_compressed(file, **arrays)  # type: ignore[arg-type]  # the stub takes the names for its options
    Path(name).replace(folder / f"{key(source)}.npz")


def load(folder: Path, source: str, n_folds: int) -> list[Scores] | None:
    """Return the kept scores of each fold, or None where there are none (or not all, or damaged)."""
    return load_file(folder / f"{key(source)}.npz", n_folds)


def load_file(path: Path, n_folds: int) -> list[Scores] | None:
    """Return the scores of each fold that a file of the archive holds, or None as `load` does."""
    return _load(path, [f"fold_{i}" for i in range(n_folds)])


def load_test(folder: Path, source: str) -> Scores | None:
    """Return the kept scores of the test rows, or None as `load` does."""
    found = _load(folder / f"{key(source)}.npz", ["test"])
    return found[0] if found else None


def _load(path: Path, names: Sequence[str]) -> list[Scores] | None:
    try:
        with np.load(path, allow_pickle=False) as file:
            return [file[name] for name in names]
    except (OSError, KeyError, ValueError, zipfile.BadZipFile):
        return None
