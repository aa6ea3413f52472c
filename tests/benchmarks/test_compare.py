"""The whole comparison on a tiny table: it goes on where it stopped, and what it writes is what was measured."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(150, 3)).round(3)
    frame = pd.DataFrame(X, columns=["a", "b", "c"]).assign(y=(X[:, 0] + rng.normal(size=150) > 0).astype(int))
    (tmp_path / "data").mkdir()
    frame.to_csv(tmp_path / "data/tiny.csv", index=False)
    return tmp_path


def compare(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    words = ["--data", str(folder / "data"), "--out", str(folder / "cells.jsonl"), "--splits", "1", *options]
    command = [sys.executable, str(ROOT / "benchmarks/compare.py"), *words]
    return subprocess.run(command, capture_output=True, text=True, check=True)


@pytest.mark.slow
def test_a_comparison_goes_on_where_it_stopped(folder: Path) -> None:
    options = ("--budgets", "1", "2", "--methods", "logreg", "ratchet")
    report = compare(folder, *options)
    rows = [json.loads(line) for line in (folder / "cells.jsonl").read_text().splitlines()]
    assert [(row["method"], row["budget_s"]) for row in rows if row["method"] != "committee"] == [
        ("logreg", 0.0),
        ("ratchet", 1.0),
        ("ratchet", 2.0),
    ]
    assert all(0.5 < row["test"] <= 1 for row in rows)
    assert all(row["start_cpu_s"] > 0 for row in rows)
    tried = {(row["method"], row["budget_s"]): row["n"] for row in rows}
    assert 1 <= tried["ratchet", 1.0] <= tried["ratchet", 2.0]  # more CPU, more experiments: how many, the machine says
    assert all(1 <= tried["committee", budget] <= tried["ratchet", budget] for budget in (1.0, 2.0))  # it pays its fits
    assert "2 CPU s: 1 tables, 1 splits" in report.stdout
    assert (folder / "cells.txt").read_text() == report.stdout
    assert (folder / "cells.png").stat().st_size > 5000
    with (folder / "cells.jsonl").open("a") as file:
        file.write('{"method": "torn')
    again = compare(folder, *options)
    assert again.stderr == ""
    assert again.stdout == report.stdout


@pytest.mark.slow
def test_a_placebo_is_kept_apart_and_has_nothing_to_find(folder: Path) -> None:
    compare(folder, "--budgets", "1", "--methods", "logreg")
    report = compare(folder, "--budgets", "1", "--methods", "logreg", "--placebo")
    honest, placebo = (json.loads(line) for line in (folder / "cells.jsonl").read_text().splitlines())
    assert (honest["placebo"], placebo["placebo"]) == (False, True)
    assert honest["test"] > 0.65
    assert placebo["test"] < honest["test"]
    assert "shuffled" in report.stdout


@pytest.mark.slow
def test_nothing_measured_yet_is_reported(folder: Path) -> None:
    assert compare(folder, "--show").stdout == "no cell is measured yet\n"
