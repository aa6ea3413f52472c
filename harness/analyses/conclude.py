"""Estimate at the end of a run how much of its gain is real.

Covered: the gain corrected for selection (no model is fitted), winner against baseline on four fresh partitions of the
same rows, both on the held-out rows, and the winner's drop there compared with plain models (harness/analyses/gap.py).
Not covered: noise that an agent kept step by step passes the first and partly the second; only rows that were never
scored reveal it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from harness import score_store
from harness.analyses.base import Answer, Request
from harness.analyses.evidence import Evidence, finish, gather, held_out_fields, measure, stacked
from harness.analyses.gap import measure_gap
from harness.checks.seeds import MIN_DRAWS, N_DRAWS, SeedDraws, draws
from harness.evaluate import TrainFile
from harness.harness import Harness
from harness.problem import Problem
from harness.stats import Conclusion, CorrectedGain, CorrectedTest, bbc, calibrate, nadeau_bengio
from harness.stats import conclude as judge

PARTITIONS = (1_000_001, 1_000_002, 1_000_003, 1_000_004)  # rule confirm uses those numbered as experiments
FINISH_CPU_S = 900.0  # for all early-stopped experiments together
SEEDS_CPU_S = 120.0  # for all draws of other seeds together; a slow file gets fewer
N_BOOTSTRAPS, MIN_BOOTSTRAPS = 200, 20
BAG_CELLS = 20_000_000  # rows × bootstraps that are drawn at once; 40 MB
SCORE_CELLS = 100_000_000  # experiments × rows, beyond which the correction is skipped; 800 MB
STEPWISE = "noise that an agent kept step by step passes every test but that on rows never scored"


def conclude(harness: Harness, request: Request) -> Answer:
    """Return the conclusion about a run with its evidence; what was not measured is None.

    The request holds `experiments`, `store`, `sealed` (omit the held-out rows), and `finish_stopped` (finish
    early-stopped experiments, within `cpu_s` seconds). Raises UserError.
    """
    problem, found = harness.workers().problem, gather(harness, request)
    if request.get("finish_stopped"):
        finish(harness, found, cpu_s=float(request.get("cpu_s") or FINISH_CPU_S))
    harness.on_progress("the gain, corrected for selection")
    gain = _corrected(problem, found) if found.has_gain else None
    test, deltas = _fresh(harness, found) if found.has_gain else (None, [])
    conclusion = judge(gain, test, n_stopped_early=len(found.stopped) if gain else 0)
    fields = request["experiments"]
    calibration = calibrate([one.get("prediction") for one in fields], [one.get("delta") for one in fields])
    return {
        "naive": _naive(harness, found) if found.has_gain else 0.0,
        "corrected": _corrected_fields(gain),
        "fresh": _fresh_fields(test, deltas),
        "test": None if found.is_sealed else _held_out(harness, found),
        "gap": _gap(harness, found, gain) if found.has_gain and not found.is_sealed else None,
        "seeds": _seeds(harness, found) if found.has_gain else None,
        "n_comparisons": found.n_comparisons,
        "n_stopped_early": len(found.stopped),
        "n_missing": found.n_missing,
        "word": str(conclusion.word),
        "reasons": conclusion.reasons if found.has_gain else "nothing was kept: the baseline stands",
        "caveat": _caveat(found, conclusion),
        "calibration": asdict(calibration) if calibration else None,
        "winner": found.winner.n,
    }


def _naive(harness: Harness, found: Evidence) -> float | None:
    """Return the gain as measured, on the scores that selected the winner."""
    both = [found.of(found.baseline), found.of(found.winner)]
    problem = harness.workers().problem
    old, new = (None if scores is None else harness.val_auc(problem, scores) for scores in both)
    return None if old is None or new is None else new - old


def _corrected(problem: Problem, found: Evidence) -> CorrectedGain | None:
    """Correct the gain for selection among all experiments with scores; None without those of baseline and winner."""
    baseline = found.of(found.baseline)
    if baseline is None or found.of(found.winner) is None:
        return None
    if len(found.scores) * len(problem.train) * max(1, problem.n_classes - 1) > SCORE_CELLS:
        return None
    scores = stacked(found.scores.values())
    y, fold, _ = problem.out_of_fold(baseline)
    n_boot = int(np.clip(BAG_CELLS // len(y), MIN_BOOTSTRAPS, N_BOOTSTRAPS))
    return bbc(y, fold, scores, rng=np.random.default_rng([problem.seed, 5]), n_boot=n_boot)


def _fresh(harness: Harness, found: Evidence) -> tuple[CorrectedTest | None, list[float]]:
    """Return the test of winner against baseline on fresh partitions, and the val_auc difference on each."""
    differences: list[float] = []
    deltas, n_train, n_test = [], 1, 1
    for number, partition in enumerate(PARTITIONS, start=1):
        harness.on_progress(f"fresh partition {number} of {len(PARTITIONS)}")
        old, new = (  # they passed the leak checks when they were kept
            harness.evaluate(one.source, partition, refits=False) for one in (found.baseline, found.winner)
        )
        if old.val_auc is None or new.val_auc is None:
            return None, []
        pairs = zip(old.fold_aucs, new.fold_aucs, strict=True)
        differences += [b - a for a, b in pairs if a is not None and b is not None]
        deltas.append(new.val_auc - old.val_auc)
        folds = harness.workers(partition).problem.folds
        n_train, n_test = (sum(len(part[i]) for part in folds) // len(folds) for i in (0, 1))  # rows of a fold
    return nadeau_bengio(differences, n_train=n_train, n_test=n_test), deltas


def _held_out(harness: Harness, found: Evidence) -> Mapping[str, Any] | None:
    """Return the AUC on the held-out rows with its interval, of baseline and winner."""
    fields = {}
    for name, one in (("baseline", found.baseline), ("winner", found.winner)):
        if score_store.load_test(one.store, one.source.text) is None:  # the run was sealed
            measure(harness, found, one)
        fields[name] = held_out_fields(harness.workers().problem, score_store.load_test(one.store, one.source.text))
    return None if None in fields.values() else fields


def _gap(harness: Harness, found: Evidence, gain: CorrectedGain | None) -> Mapping[str, Any] | None:
    """Return the winner's drop on the held-out rows compared with plain models; call `_held_out` first."""
    scores, test = found.of(found.winner), score_store.load_test(found.winner.store, found.winner.source.text)
    if scores is None or test is None or len(test) != len(harness.workers().problem.test):
        return None
    harness.on_progress("plain models on the held-out rows")
    picked = gain.naive - gain.mean if gain else 0.0
    gap = measure_gap(harness, scores, test, picked=picked)
    return asdict(gap) | {"is_deeper": gap.is_deeper, "text": str(gap)} if gap else None


def _seeds(harness: Harness, found: Evidence) -> Mapping[str, Any] | None:
    """Return what the winner scores with other seeds; None where it has none."""
    scores = found.of(found.winner)
    own = None if scores is None else harness.val_auc(harness.workers().problem, scores)
    drawn = own and draw_seeds(harness, found.winner.source, own, n_compared=found.n_comparisons)
    return asdict(drawn) | {"is_picked": drawn.is_picked, "text": str(drawn)} if drawn else None


def draw_seeds(harness: Harness, winner: TrainFile, own: float, *, n_compared: int) -> SeedDraws | None:
    """Evaluate the winner with other seeds; None where it has none, or too few of the draws could be measured.

    `own` is its val_auc, `n_compared` the number of experiments that were compared with it.
    """
    try:
        texts = list(draws(winner.text, harness.workers().problem.seed, 10))
    except RecursionError:
        return None
    others: list[float] = []
    used_cpu_s = 0.0
    for number, text in enumerate(texts, start=1):
        if used_cpu_s > SEEDS_CPU_S:
            break
        harness.on_progress(f"other seeds, draw {number} of {N_DRAWS}")
        result = harness.evaluate(TrainFile(text), refits=False)
        used_cpu_s += result.cpu_s + result.checks_cpu_s
        others += [] if result.val_auc is None else [result.val_auc]
    return SeedDraws(own, others, n_compared) if len(others) >= MIN_DRAWS else None


def _corrected_fields(gain: CorrectedGain | None) -> Mapping[str, Any] | None:
    if gain is None:
        return None
    counts = {"n_experiments": gain.n_experiments, "n_bootstraps": gain.n_bootstraps}
    return {"mean": gain.mean, **asdict(gain.interval), "p_not_positive": gain.p_not_positive, **counts}


def _fresh_fields(test: CorrectedTest | None, deltas: Sequence[float]) -> Mapping[str, Any] | None:
    if test is None:
        return None
    fields = {"mean": test.mean, "se": test.se, "p_greater": test.p_greater}
    return {**fields, "n_partitions": len(deltas), "deltas": list(deltas)}


def _caveat(found: Evidence, conclusion: Conclusion) -> str:
    """Return what the numbers do not cover."""
    fields = [conclusion.caveat] if conclusion.caveat else []
    if found.n_missing:
        lack = "experiment has" if found.n_missing == 1 else "experiments have"
        fields.append(f"{found.n_missing} {lack} no stored scores and could not take part either")
    return "; ".join([*fields, STEPWISE] if found.has_gain else fields)
