"""An exported model scores rows like the fitted one; an error is one line."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from instruments import open_table
from tables import make_frame, take

from harness.analyses.export import export
from harness.analyses.model_card import plain
from harness.analyses.predict import predict
from harness.errors import UserError
from harness.harness import Harness
from harness.workers.pool import Runner

TRAIN = (Path(__file__).resolve().parents[3] / "train.py").read_text()
HOSTILE = TRAIN.replace("baseline: standard-scaled", "<script>alert(1)</script> `x` | **baseline**")
FILES = {"model.skops", "train.py", "dataset.toml", "MODEL_CARD.md", "receipt.json"}


@pytest.fixture
def instruments(tmp_path: Path, warm_runner: Runner) -> Harness:
    return open_table(take(tmp_path, make_frame()).table, warm_runner)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, warm_runner: Runner) -> tuple[Path, Any]:
    """An export of train.py, fitted on the rows of `instruments`, and what the analysis answered; made once."""
    root = tmp_path_factory.mktemp("made")
    answer = exported(open_table(take(root, make_frame()).table, warm_runner), root / "x")
    return root / "x", answer


@pytest.fixture
def x(made: tuple[Path, Any], tmp_path: Path) -> Path:
    """A copy of that export, for a test to use or to spoil."""
    return Path(shutil.copytree(made[0], tmp_path / "x"))


def exported(instruments: Harness, folder: Path, source: str = TRAIN, **more: Any) -> Any:
    file = folder.parent / "winner.py"
    file.write_text(source)
    report = {"tag": "t", "n": 3, "commit": "abc", "at": "2026-01-01", "n_tries": 4, "delta_ses": [0.01, 0.02]}
    return export(instruments, {"file": str(file), "folder": str(folder), **report, **more})


def scored(instruments: Harness, model: Path, file: Path, **more: str) -> tuple[list[dict[str, str]], Any]:
    out = model.parent / "scores.csv"
    answer = predict(instruments, {"file": str(file), "model": str(model), "out": str(out), **more})
    with out.open() as lines:
        return list(csv.DictReader(lines)), answer


def test_an_export_scores_its_own_rows_as_a_fit_on_all_of_them_does(
    instruments: Harness, tmp_path: Path, made: tuple[Path, Any], x: Path
) -> None:
    assert {path.name for path in x.iterdir()} == FILES
    assert set(made[1]["files"]) == FILES - {"receipt.json"}
    names: dict[str, Any] = {}
    exec(TRAIN.split("if __name__")[0], names)
    expected = (
        names["build_pipeline"]().fit(instruments.table.X, instruments.table.y).predict_proba(instruments.table.X)[:, 1]
    )
    rows, report = scored(instruments, x, tmp_path / "t.csv", id="k")
    assert report["n_rows"] == len(rows) == 200
    assert list(rows[0]) == ["row", "k", "score", "predicted"]
    np.testing.assert_allclose([float(row["score"]) for row in rows], expected, rtol=1e-6)
    assert {row["predicted"] for row in rows} == set(instruments.table.classes)
    assert report["notes"] == []


@pytest.mark.slow
def test_a_long_file_is_scored_block_by_block_with_the_same_scores(
    instruments: Harness, tmp_path: Path, x: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, _ = scored(instruments, x, tmp_path / "t.csv")
    monkeypatch.setattr("harness.data.new_rows.BLOCK_ROWS", 33)
    assert scored(instruments, x, tmp_path / "t.csv")[0] == whole


@pytest.mark.slow
def test_three_classes_have_a_score_each(tmp_path: Path, warm_runner: Runner) -> None:
    frame = make_frame()
    frame["y"] = np.where(frame.k > 3, "many", frame.y)
    instruments = open_table(take(tmp_path, frame).table, warm_runner)
    exported(instruments, tmp_path / "x")
    rows, _ = scored(instruments, tmp_path / "x", tmp_path / "t.csv")
    assert list(rows[0]) == ["row", "score_many", "score_no", "score_yes", "predicted"]
    for row in rows[:20]:
        best = max(("many", "no", "yes"), key=lambda name, row=row: float(row[f"score_{name}"]))
        assert row["predicted"] == best


@pytest.mark.slow
def test_a_decision_function_parts_its_classes_at_zero(instruments: Harness, tmp_path: Path) -> None:
    source = TRAIN.replace("import LogisticRegression", "import RidgeClassifier").replace(
        "LogisticRegression(max_iter=1000)", "RidgeClassifier()"
    )
    exported(instruments, tmp_path / "x", source)
    rows, _ = scored(instruments, tmp_path / "x", tmp_path / "t.csv")
    assert all((float(row["score"]) > 0) == (row["predicted"] == instruments.table.classes[1]) for row in rows)
    assert "values of a decision function" in (tmp_path / "x/MODEL_CARD.md").read_text()


@pytest.mark.slow
def test_a_class_of_train_py_is_written_named_on_the_card_and_read_back(instruments: Harness, tmp_path: Path) -> None:
    own = "class Mine(LogisticRegression):\n    pass\n\n\ndef feature_fn"
    source = TRAIN.replace("def feature_fn", own, 1).replace("LogisticRegression(max_iter=1000)", "Mine(max_iter=1000)")
    answer = exported(instruments, tmp_path / "x", source)
    assert "train.Mine" in answer["types"]
    assert "train.Mine" in (tmp_path / "x/MODEL_CARD.md").read_text()
    assert len(scored(instruments, tmp_path / "x", tmp_path / "t.csv")[0]) == 200


@pytest.mark.slow
def test_a_lambda_cannot_be_kept_and_nothing_is_written(instruments: Harness, tmp_path: Path) -> None:
    source = TRAIN.replace("import OneHotEncoder", "import FunctionTransformer, OneHotEncoder").replace(
        "make_pipeline(columns,", "make_pipeline(columns, FunctionTransformer(lambda X: X),"
    )
    with pytest.raises(UserError, match=r"no lambda"):
        exported(instruments, tmp_path / "x", source)
    assert not (tmp_path / "x").exists()


@pytest.mark.slow
def test_a_folder_is_replaced_on_request_alone_and_only_if_it_is_an_export(
    instruments: Harness, tmp_path: Path
) -> None:
    exported(instruments, tmp_path / "x")
    with pytest.raises(UserError, match="the folder exists"):
        exported(instruments, tmp_path / "x")
    exported(instruments, tmp_path / "x", n=7, force=True)
    assert json.loads((tmp_path / "x/receipt.json").read_text())["experiment"] == 7
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/thesis.txt").write_text("years")
    with pytest.raises(UserError, match="this is no export, so --force does not replace it"):
        exported(instruments, tmp_path / "mine", force=True)
    assert (tmp_path / "mine/thesis.txt").read_text() == "years"
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


@pytest.mark.parametrize("name", ["model.skops", "train.py", "dataset.toml"])
def test_a_file_that_is_not_the_exported_one_is_refused(
    instruments: Harness, tmp_path: Path, x: Path, name: str
) -> None:
    (x / name).write_bytes((x / name).read_bytes() + b"\n")
    with pytest.raises(UserError, match="the content differs from the receipt"):
        scored(instruments, x, tmp_path / "t.csv")


@pytest.mark.parametrize("receipt", ["", "[]", "{}", '{"files": {"../t.csv": "x"}, "classes": [1, 2], "score": "p"}'])
def test_a_receipt_that_is_none_is_one_line(instruments: Harness, tmp_path: Path, x: Path, receipt: str) -> None:
    (x / "receipt.json").write_text(receipt)
    with pytest.raises(UserError, match=r"receipt.json: (this is no valid receipt|.* is no file of this folder)"):
        scored(instruments, x, tmp_path / "t.csv")
    shutil.rmtree(x)
    with pytest.raises(UserError, match=r"this is no export: receipt\.json is missing"):
        scored(instruments, x, tmp_path / "t.csv")


@pytest.mark.slow
def test_a_model_that_fails_on_new_rows_leaves_no_half_file(instruments: Harness, tmp_path: Path) -> None:
    source = TRAIN.replace(
        "    return X\n", "    if (X['k'] > 90).any():\n        raise ValueError('too many')\n    return X\n"
    )
    exported(instruments, tmp_path / "x", source)
    frame = make_frame(5)
    frame.loc[3, "k"] = 99
    frame.to_csv(tmp_path / "new.csv", index=False)
    with pytest.raises(UserError, match=r"rows 1 to 5: the model gave no scores \(ValueError: too many"):
        scored(instruments, tmp_path / "x", tmp_path / "new.csv")
    assert [path.name for path in tmp_path.iterdir() if "scores.csv" in path.name] == []


def test_a_file_without_rows_has_a_header_alone(instruments: Harness, tmp_path: Path, x: Path) -> None:
    make_frame(5).head(0).to_csv(tmp_path / "new.csv", index=False)
    rows, report = scored(instruments, x, tmp_path / "new.csv")
    assert (rows, report["n_rows"]) == ([], 0)


def test_other_versions_are_named(instruments: Harness, tmp_path: Path, x: Path) -> None:
    instruments.parts = {"python": "3.12.1", "numpy": "2.0"}
    assert scored(instruments, x, tmp_path / "t.csv")[1]["notes"] == [
        "made with other versions, scores may differ: python 3.11.7 → 3.12.1"
    ]


def test_a_file_outside_its_contract_is_not_exported(instruments: Harness, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="the evaluation ended with rejected"):
        exported(instruments, tmp_path / "x", TRAIN.replace("HYPOTHESIS =", "import os\nHYPOTHESIS ="))


@pytest.mark.slow
def test_the_card_says_what_is_known_and_how_to_get_what_is_not(instruments: Harness, tmp_path: Path) -> None:
    exported(instruments, tmp_path / "x", HOSTILE, use="uv run ratchet predict FILE.csv --model /x")
    card = (tmp_path / "x/MODEL_CARD.md").read_text()
    assert "<script>" not in card
    assert "\\`x\\` \\| \\*\\*baseline\\*\\*" in card
    assert "tries: 4" in card
    assert "- use: `uv run ratchet predict FILE.csv --model /x`\n" in card
    assert "noise floor 0.0240" in card
    assert "`uv run ratchet conclude` computes it" in card
    assert "95 % interval" in card
    assert "label-flip: ok" in card


@pytest.mark.slow
def test_the_card_of_a_sealed_run_tells_nothing_of_the_test(instruments: Harness, tmp_path: Path) -> None:
    answer = exported(instruments, tmp_path / "x", sealed=True)
    assert answer["test_auc"] is None
    assert "test_auc: sealed" in (tmp_path / "x/MODEL_CARD.md").read_text()


@pytest.mark.slow
def test_the_card_tells_the_conclusion_and_a_committee_is_not_compared(instruments: Harness, tmp_path: Path) -> None:
    corrected = {"mean": 0.002, "low": -0.01, "high": 0.014, "p_not_positive": 0.4}
    report = {"naive": 0.01, "corrected": corrected, "fresh": None, "word": "not distinguishable from selection noise"}
    exported(instruments, tmp_path / "x", conclusion=report, upto=9, is_committee=True, n=None, baseline=0.7)
    card = (tmp_path / "x/MODEL_CARD.md").read_text()
    assert "corrected for selection: +0.0020, 95 % interval -0.0100 to +0.0140" in card
    assert "**not distinguishable from selection noise**" in card
    assert "do not compare it with a single model's" in card
    assert "val_auc of the baseline" not in card


def test_markdown_shows_a_text_as_it_is() -> None:
    assert plain("a*b_[c](d)|<e>&") == "a\\*b\\_\\[c\\](d)\\|&lt;e&gt;&amp;"


def test_a_file_that_is_not_there_is_reported_with_the_way_out(instruments: Harness, tmp_path: Path, x: Path) -> None:
    with pytest.raises(UserError, match=r"nope\.csv: no such file\. Name a file of rows to score\."):
        scored(instruments, x, tmp_path / "nope.csv")
