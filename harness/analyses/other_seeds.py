"""Evaluate the winner of a run with other seeds, whatever its lead: `conclude` reports the result."""

from __future__ import annotations

import numpy as np

from harness.checks.seeds import MIN_DRAWS, N_DRAWS, SeedDraws, exchange_seeds
from harness.evaluate import TrainFile
from harness.harness import Harness

CPU_S = 120.0  # for all draws together; a slow file gets fewer


def draw_seeds(harness: Harness, winner: TrainFile, own: float, *, n_compared: int) -> SeedDraws | None:
    """Evaluate the winner with other seeds; None where it has none, or too few of the draws could be measured.

    `own` is its val_auc, `n_compared` the number of experiments that were compared with it.
    """
    others: list[float] = []
    used_cpu_s = 0.0
    for draw in range(N_DRAWS):
        try:
            text = exchange_seeds(winner.text, np.random.default_rng([harness.workers().problem.seed, 10, draw]))
        except RecursionError:
            return None
        if text is None or used_cpu_s > CPU_S:
            break
        harness.on_progress(f"other seeds, draw {draw + 1} of {N_DRAWS}")
        result = harness.evaluate(TrainFile(text), refits=False)
        used_cpu_s += result.cpu_s + result.checks_cpu_s
        others += [] if result.val_auc is None else [result.val_auc]
    return SeedDraws(own, others, n_compared) if len(others) >= MIN_DRAWS else None
