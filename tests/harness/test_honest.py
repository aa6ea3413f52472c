"""Measure every file of tests/honest: nothing is held against it, and its number is that of plain scikit-learn."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from templates import ROOT, heart

from harness.checks import CHECKS
from harness.checks.editable_only import first_violation
from harness.evaluate import FoldWorkers
from harness.trainfile import Status, read_source
from harness.workers.launcher import environment
from harness.workers.pool import Runner, TaskBudget
from prepare import evaluate
from tests.payloads import payload_files, whole_text

HONEST = payload_files(ROOT / "tests/honest")
BUDGET = TaskBudget(cpu_s=60.0, wall_s=180.0, memory_mb=2048)
QUICK = {  # one of each kind; the others are run with the slow tests
    *("clinical_formula", "constant", "custom_classifier", "forest_unseeded", "hist_boosting_monotone", "neighbours_1"),
    *("lightgbm_native_categories", "ridge_decision_only", "density_ratio", "sparse_text", "tree_full"),
    "xgboost_small",
}
# What plain scikit-learn makes of a file, in a process of its own with one thread and the seed that the harness sets.
PLAIN = """
import json, sys, types, warnings
import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold, train_test_split

warnings.simplefilter("ignore")
X = pd.read_csv("@table@").replace({"yes": 1, "no": 0}).infer_objects()
y = X.pop("disease").to_numpy()
X = X.astype(dict.fromkeys(X.select_dtypes("number"), float))
train, _ = train_test_split(np.arange(len(y)), test_size=0.2, stratify=y, random_state=42)


def val_auc(text):
    module = sys.modules["train"] = types.ModuleType("train")
    exec(compile(text, "train.py", "exec"), module.__dict__)
    values = []
    for fit, val in StratifiedKFold(5, shuffle=True, random_state=42).split(train, y[train]):
        np.random.seed(42)
        fit_X, val_X = (X.iloc[train[part]].reset_index(drop=True) for part in (fit, val))
        model = module.build_pipeline().fit(module.feature_fn(fit_X), y[train[fit]])
        rows = module.feature_fn(val_X)
        scores = model.predict_proba(rows)[:, 1] if hasattr(model, "predict_proba") else model.decision_function(rows)
        values.append(roc_auc_score(y[train[val]], scores))
    return round(float(np.mean(values)), 6)


print("\\n" + json.dumps({name: val_auc(text) for name, text in json.load(sys.stdin).items()}))
"""


@pytest.fixture(scope="module")
def bench(warm_runner: Runner) -> FoldWorkers:
    return FoldWorkers(heart(), warm_runner, BUDGET)


@pytest.fixture(scope="module")
def plain(request: pytest.FixtureRequest) -> dict[str, float]:
    """Return what plain scikit-learn says of the files that this run asks for."""
    wanted = {item.callspec.params["path"] for item in request.session.items if "plain" in item.fixturenames}  # type: ignore[attr-defined]
    files = json.dumps({path.stem: whole_text(path) for path in sorted(wanted)})
    command = [sys.executable, "-c", PLAIN.replace("@table@", str(ROOT / "data/heart.csv"))]
    done = subprocess.run(command, input=files, env=environment(), capture_output=True, text=True, check=True, cwd="/")
    report: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return report


def parameters() -> list[object]:
    return [pytest.param(path, id=path.stem, marks=[] if path.stem in QUICK else [pytest.mark.slow]) for path in HONEST]


@pytest.mark.parametrize("path", parameters())
def test_an_honest_file_is_accused_of_nothing_and_scored_as_scikit_learn_scores_it(
    path: Path, bench: FoldWorkers, plain: dict[str, float]
) -> None:
    measured = evaluate(read_source(whole_text(path).encode()), bench)
    assert measured.status is Status.OK, measured.reason
    assert measured.leaks == []
    assert [name for name, _ in measured.findings] == [check.NAME for check in CHECKS]
    assert measured.val_auc == plain[path.stem]


@pytest.mark.parametrize("path", HONEST, ids=lambda path: path.stem)
def test_an_honest_file_passes_the_static_check(path: Path) -> None:
    assert first_violation(whole_text(path)) == ""


def test_there_are_files_enough() -> None:
    assert len(HONEST) >= 40
    assert QUICK.issubset(path.stem for path in HONEST)
