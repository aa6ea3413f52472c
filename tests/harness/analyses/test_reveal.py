"""Kept experiments are scored on the held-out rows, whether their scores were stored or not."""

from __future__ import annotations

from pathlib import Path

import pytest
from instruments import open_table
from tables import make_frame, take

from harness import score_store
from harness.analyses.reveal import reveal
from harness.evaluate import read_source
from harness.harness import Harness
from harness.stats import auc, delong_interval
from harness.workers.pool import Runner

TRAIN = (Path(__file__).resolve().parents[3] / "train.py").read_text()
BLIND = TRAIN.replace("return X\n", "return X[['m']]\n")
BROKEN = TRAIN.replace("return X\n", "return X.nothing\n")


@pytest.fixture
def instruments(tmp_path: Path, warm_runner: Runner) -> Harness:
    return open_table(take(tmp_path, make_frame()).table, warm_runner)


def asked(folder: Path, *sources: tuple[str, str]) -> dict[str, object]:
    report = []
    for n, (source, verdict) in enumerate(sources):
        file = folder / str(n) / "train.py"
        file.parent.mkdir()
        file.write_text(source)
        report.append({"n": n, "file": str(file), "verdict": verdict, "metric": 0.5 + n / 10, "commit": f"c{n}"})
    return {"experiments": report, "store": str(folder / "scores")}


def test_each_kept_experiment_has_its_auc_and_interval_and_the_dropped_have_none(
    instruments: Harness, tmp_path: Path
) -> None:
    answer = reveal(instruments, asked(tmp_path, (BLIND, "baseline"), (TRAIN, "discard"), (TRAIN, "keep")))
    problem = instruments.workers().problem
    y, measured = problem.y[problem.test], instruments.evaluate(read_source(TRAIN.encode()), refits=False)
    assert [(row["n"], row["commit"], row["val_auc"]) for row in answer["rows"]] == [(0, "c0", 0.5), (2, "c2", 0.7)]
    assert answer["rows"][1]["auc"] == auc(y, measured.test_scores)
    reach = delong_interval(y, measured.test_scores)
    assert (answer["rows"][1]["low"], answer["rows"][1]["high"]) == (reach.low, reach.high)
    assert (answer["n_test"], answer["n_positive"]) == (40, int(y.sum()))


@pytest.mark.slow
def test_scores_that_a_sealed_run_did_not_store_are_made_and_stored_at_the_opening(
    instruments: Harness, tmp_path: Path
) -> None:
    store = tmp_path / "scores"
    measured = instruments.evaluate(read_source(TRAIN.encode()), refits=False)
    score_store.save(store, TRAIN, measured.scores, None)
    request = asked(tmp_path, (TRAIN, "baseline"))
    first = reveal(instruments, request)
    assert score_store.load_test(store, TRAIN) is not None
    assert score_store.load(store, TRAIN, 5) is not None
    instruments.runner = None  # from here on nothing can be measured
    instruments.workers().runner = None
    assert reveal(instruments, request)["rows"] == first["rows"]


def test_what_cannot_be_measured_any_more_has_no_number(instruments: Harness, tmp_path: Path) -> None:
    (row,) = reveal(instruments, asked(tmp_path, (BROKEN, "baseline")))["rows"]
    assert (row["auc"], row["low"], row["high"]) == (None, None, None)
