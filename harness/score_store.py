"""Store the out-of-fold scores of every experiment under the hash of its source, for analyses of the run.

Only the trusted side writes here.
"""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from harness.output import write_atomic
from harness.problem import Scores


def key(source: str) -> str:
    """Return the name under which the scores of a source are stored."""
    return hashlib.sha256(source.encode()).hexdigest()[:32]


def save(folder: Path, source: str, folds: Sequence[Scores | None], test: Scores | None) -> None:
    """Store the scores of the validation rows of each fold, and those of the test rows."""
    folder.mkdir(parents=True, exist_ok=True)
    arrays = {f"fold_{i}": scores for i, scores in enumerate(folds) if scores is not None}
    if test is not None:
        arrays["test"] = test
    with write_atomic(folder / f"{key(source)}.npz") as path, path.open("wb") as file:
        np.savez_compressed(file, **arrays)  # type: ignore[arg-type]  # the stub takes the names for its options


def load(folder: Path, source: str, n_folds: int) -> list[Scores] | None:
    """Return the stored scores of each fold, or None if they are missing, incomplete or damaged."""
    return load_file(folder / f"{key(source)}.npz", n_folds)


def load_file(path: Path, n_folds: int) -> list[Scores] | None:
    """Return the scores of each fold in a file of the store, or None as `load` does."""
    return _load(path, [f"fold_{i}" for i in range(n_folds)])


def load_test(folder: Path, source: str) -> Scores | None:
    """Return the stored scores of the test rows, or None as `load` does."""
    found = _load(folder / f"{key(source)}.npz", ["test"])
    return found[0] if found else None


def _load(path: Path, names: Sequence[str]) -> list[Scores] | None:
    try:
        with np.load(path, allow_pickle=False) as file:
            return [file[name] for name in names]
    except (OSError, KeyError, ValueError, zipfile.BadZipFile):
        return None
