"""The second measurement: paid once for all checks, in another order, the same to the last bit for an honest file."""

from __future__ import annotations

import numpy as np
import pytest
from templates import ROOT

from harness.checks.context import Lab
from harness.checks.perturb import Kind
from harness.evaluate import FoldWorkers
from harness.trainfile import read_file
from prepare import evaluate


@pytest.fixture
def lab(bench: FoldWorkers) -> Lab:
    return bench.lab(evaluate(read_file(ROOT / "train.py"), bench, refits=False))


def test_a_second_measurement_is_paid_once(lab: Lab) -> None:
    first, paid = lab.again(), lab.cpu_s
    assert lab.again() is first
    assert lab.cpu_s == paid > 0


def test_another_order_changes_no_bit_of_an_honest_file(lab: Lab) -> None:
    for fold, again in zip(lab.folds, lab.unprimed(), strict=True):
        assert (fold.scores == again.scores).all()
        for kind in (Kind.NUDGE, Kind.RECOMBINED):
            (rows, before), (same_rows, after) = (part.batch.select(kind, part.probe_scores) for part in (fold, again))
            assert (rows == same_rows).all()
            np.testing.assert_allclose(before, after, rtol=1e-12)


def test_changed_rows_come_without_companions_and_companions_without_half_of_them(lab: Lab) -> None:
    batch = lab.folds[0].batch
    changed, few = batch.apart()
    n_rows = (batch.kinds == Kind.COMPANION).sum()
    assert set(batch.kinds[changed]) == {Kind.NUDGE, Kind.RECOMBINED}
    assert set(batch.kinds[few]) == {Kind.COMPANION}
    assert len(changed) == 5 * n_rows
    assert len(few) == -(-n_rows // 2)
