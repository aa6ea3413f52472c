"""Who has to be beaten, as the likely rule for stopping early needs to know: from the scores that were kept."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from harness import archive
from harness.problem import Problem, Scores
from harness.stopping import Rival, pooled_sd

Known = dict[Path, list[float]]


def find_rival(store: Path, problem: Problem, best: Sequence[Scores], known: Known) -> Rival | None:
    """Return the best so far and how far others differ from it; None where a fold of it has no AUC.

    It depends on what was kept and on nothing else, so that a run that is resumed goes on as it would have. `known`
    holds the fold AUCs of the files that were read before, and those of the new ones afterwards.
    """
    own = _whole(problem.fold_aucs(best))
    for path in store.glob("*.npz"):
        if path not in known:
            scores = archive.load_file(path, len(problem.folds))
            known[path] = _whole(problem.fold_aucs(scores)) if scores else []
    others = [known[path] for path in sorted(known) if path.parent == store and known[path] and known[path] != own]
    return Rival(own, pooled_sd(others, own)) if own else None


def _whole(values: Sequence[float | None]) -> list[float]:
    """Return the values, or nothing where one is missing."""
    found = [value for value in values if value is not None]
    return found if len(found) == len(values) else []
