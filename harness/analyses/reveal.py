"""Reveal the held-out test of a run: the AUC of each kept experiment, with its interval.

Each kept experiment is fitted on all training rows and scored on the held-out rows, which no decision used. A sealed
run stores no such scores; they are computed now and stored.
"""

from __future__ import annotations

from pathlib import Path

from harness import score_store
from harness.analyses.base import Answer, Request, path_of
from harness.analyses.evidence import held_out_fields
from harness.evaluate import read_file
from harness.harness import Harness
from harness.problem import Scores

KEPT = frozenset({"baseline", "keep"})


def reveal(harness: Harness, request: Request) -> Answer:
    """Return AUC and DeLong's 95 % interval on the held-out rows for the baseline and every kept experiment.

    The request holds `experiments` and `store`. An experiment that can no longer be evaluated has None.
    """
    problem, store = harness.workers().problem, path_of(request, "store")
    kept = [one for one in request["experiments"] if one["verdict"] in KEPT]
    rows = []
    for place, one in enumerate(kept, start=1):
        harness.on_progress(f"iter {one['n']} ({place} of {len(kept)})")
        found = held_out_fields(problem, _test_scores(harness, Path(one["file"]), store))
        fields = {"n": one["n"], "commit": one["commit"], "val_auc": one["metric"]}
        rows.append(fields | (found or {"auc": None, "low": None, "high": None}))
    y = problem.y[problem.test]
    sizes = {"n_test": len(y), "n_positive": int((y == 1).sum()) if problem.n_classes == 2 else None}
    return {"rows": rows, **sizes, "fingerprint": harness.fingerprint}


def _test_scores(harness: Harness, file: Path, store: Path) -> Scores | None:
    source = read_file(file)
    found = score_store.load_test(store, source.text)
    if found is not None:
        return found
    measured = harness.evaluate(source, refits=False)  # it passed the leak checks when it was kept
    if measured.val_auc is not None:
        score_store.save(store, source.text, measured.scores, measured.test_scores)
    return measured.test_scores
