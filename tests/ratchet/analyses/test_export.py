"""Export asks with what the journal knows, predict asks without a run; both tell in one line what is in the way."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from asked import Asked, serve

Ratchet = Callable[..., tuple[int, str, str]]
COMMITTEE = """import os, pathlib
path = pathlib.Path(os.environ["RATCHET_FILE"])
assert pathlib.Path(os.environ["RATCHET_JOURNAL"]).exists()
path.write_text(path.read_text().replace("better", "the mean of all"))
"""


@pytest.fixture
def served(project, tmp_path: Path, ratchet: Ratchet) -> Asked:
    asked = serve(project, tmp_path / "served", 'committee = "python committee.py"')
    asked.say(export={"folder": "/x/first-1", "n_rows": 303, "experiment": 1}, predict={"n_rows": 2})
    ratchet("start", "first")
    project.edit(0.6, "better")
    ratchet("step")
    return asked


def made(project, name: str, at: str) -> Path:
    project.write(f"exports/{name}/receipt.json", json.dumps({"at": at}))
    return project.root / "exports" / name


def test_the_winner_is_exported_with_what_the_journal_knows(project, served: Asked, ratchet: Ratchet) -> None:
    assert ratchet("export")[:2] == (0, "/x/first-1: iter 1, refitted on 303 rows; read MODEL_CARD.md\n")
    (asked,) = served.requests("export")
    assert asked["folder"] == str(project.root / "exports/first-1")
    assert Path(asked["file"]).read_text() == project.read("model.py")
    assert (asked["n"], asked["n_tries"], asked["baseline"], asked["sealed"]) == (1, 1, 0.5, False)
    assert asked["delta_ses"][-1] == 0.05
    assert asked["conclusion"] is None
    assert project.journal("first")[-1]["name"] == "export"
    assert project.git("status", "--porcelain") == ""


def test_a_committee_is_written_by_its_command_and_bears_no_number(project, served: Asked, ratchet: Ratchet) -> None:
    project.write("committee.py", COMMITTEE)
    assert "/x/first-1: committee, refitted" in ratchet("export", "--committee")[1]
    (asked,) = served.requests("export")
    assert "the mean of all" in Path(asked["file"]).read_text()
    assert (asked["is_committee"], asked["n"], asked["commit"]) == (True, None, None)
    assert asked["folder"].endswith("exports/first-committee")


@pytest.mark.parametrize(
    ("script", "line"),
    [
        ("raise SystemExit('committee: nobody to seat')", "failed: committee: nobody to seat"),
        ("", "did not change the file. Export without --committee."),
    ],
)
def test_a_committee_that_does_not_come_about_is_one_line(
    project, served: Asked, ratchet: Ratchet, script: str, line: str
) -> None:
    project.write("committee.py", script)
    status, out, err = ratchet("export", "--committee")
    assert (status, out, err.count("\n")) == (1, "", 1)
    assert line in err
    assert served.requests("export") == []


def test_a_folder_that_is_there_is_not_asked_for(project, served: Asked, ratchet: Ratchet) -> None:
    made(project, "first-1", "2026")
    assert "the folder exists. Use --force" in ratchet("export")[2]
    assert served.requests("export") == []
    assert ratchet("export", "--force")[0] == 0
    assert ratchet("export", "--force")[2] == "next: `uv run ratchet predict FILE.csv`\n"
    _, _, err = ratchet("export", "-o", "elsewhere")
    assert err == f"next: `uv run ratchet predict FILE.csv --model '{project.root / 'elsewhere'}'`\n"
    assert served.requests("export")[-1]["use"] in err
    assert [asked["force"] for asked in served.requests("export")] == [True, True, False]


def test_there_is_nothing_to_export_without_a_baseline(project, tmp_path: Path, ratchet: Ratchet) -> None:
    from datetime import UTC, datetime

    from ratchet.repo.run import open_worktree, start_run

    serve(project, tmp_path / "served")
    start_run(open_worktree(project.root), "first", datetime.now(UTC))
    assert "there is no kept experiment to export" in ratchet("export")[2]


def test_predict_takes_the_newest_export_and_needs_no_run(project, served: Asked, ratchet: Ratchet) -> None:
    made(project, "first-1", "2026-01-02")
    made(project, "first-0", "2026-01-03")
    made(project, "broken", "").joinpath("receipt.json").write_text("{")
    project.git("switch", "--quiet", "main")
    assert ratchet("predict", "new.csv", "-o", "out.csv")[0] == 0
    (asked,) = served.requests("predict")
    assert asked["model"].endswith("exports/first-0")
    assert (asked["file"], asked["out"]) == (str(project.root / "new.csv"), str(project.root / "out.csv"))


def test_predict_says_what_was_left_out_and_never_writes_over_a_file(project, served: Asked, ratchet: Ratchet) -> None:
    made(project, "first-1", "2026")
    served.say(
        predict={
            "n_rows": 2,
            "ignored": ["a\x1b[2J", *"bcdefg"],
            "unseen": {"thal": 1, "sex": 3},
            "notes": ["other versions"],
        }
    )
    _, _, err = ratchet("predict", "new.csv", "-o", "out.csv")
    assert err.splitlines() == [
        "2 rows scored by first-1",
        "other versions",
        "columns that the model does not use, ignored: a [2J, b, c, d, e and 2 more",
        "column thal: 1 cell holds a category that is not in the table",
        "column sex: 3 cells hold a category that is not in the table",
    ]
    project.write("out.csv", "mine")
    assert "out.csv: the file exists. Use --force" in ratchet("predict", "new.csv", "-o", "out.csv")[2]


def test_what_the_harness_objects_to_is_one_line(project, served: Asked, ratchet: Ratchet) -> None:
    made(project, "first-1", "2026")
    served.say(predict="new.csv: expected the 13 columns, got 1 too few", export="train.py: no lambda")
    for command in (["predict", "new.csv", "-o", "out.csv"], ["export", "--force"]):
        status, out, err = ratchet(*command)
        assert (status, out, err.count("\n")) == (1, "", 1)


def test_without_an_export_there_is_one_line(project, served: Asked, ratchet: Ratchet) -> None:
    status, _, err = ratchet("predict", "new.csv")
    assert (status, err) == (
        1,
        "exports/: there is no exported model. Run `uv run ratchet export`, or give a folder with --model.\n",
    )
