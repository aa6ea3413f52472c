"""The second measurement: paid once for all checks, in another order, the same to the last bit for an honest file."""

from __future__ import annotations

import numpy as np
import pytest
from templates import ROOT

from harness.checks.context import CheckContext
from harness.checks.perturb import Perturbation
from harness.evaluate import FoldWorkers, read_file
from prepare import evaluate


@pytest.fixture
def context(bench: FoldWorkers) -> CheckContext:
    return bench.context(evaluate(read_file(ROOT / "train.py"), bench, refits=False))


@pytest.mark.slow
def test_a_second_measurement_is_paid_once(context: CheckContext) -> None:
    first, paid = context.again(), context.cpu_s
    assert context.again() is first
    assert context.cpu_s == paid > 0


def test_another_order_changes_no_bit_of_an_honest_file(context: CheckContext) -> None:
    for fold, again in zip(context.folds, context.unprimed(), strict=True):
        assert (fold.scores == again.scores).all()
        for kind in (Perturbation.NUDGE, Perturbation.RECOMBINED):
            (rows, before), (same_rows, after) = (part.batch.select(kind, part.probe_scores) for part in (fold, again))
            assert (rows == same_rows).all()
            np.testing.assert_allclose(before, after, rtol=1e-12)


def test_changed_rows_come_without_companions_and_companions_without_half_of_them(context: CheckContext) -> None:
    batch = context.folds[0].batch
    changed, few = batch.apart()
    n_rows = (batch.kinds == Perturbation.COMPANION).sum()
    assert set(batch.kinds[changed]) == {Perturbation.NUDGE, Perturbation.RECOMBINED}
    assert set(batch.kinds[few]) == {Perturbation.COMPANION}
    assert len(changed) == 5 * n_rows
    assert len(few) == -(-n_rows // 2)
