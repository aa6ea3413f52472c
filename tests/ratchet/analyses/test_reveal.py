"""A sealed test is nowhere in clear until it is opened, once, with a receipt; nothing follows it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from asked import Asked, serve

from ratchet.core import config_file
from ratchet.core.output_parser import sealed_text

Ratchet = Callable[..., tuple[int, str, str]]
ROWS = [
    {"n": 0, "commit": "c0", "val_auc": 0.5, "auc": 0.777, "low": 0.7, "high": 0.8},
    {"n": 1, "commit": "c1", "val_auc": 0.6, "auc": None, "low": None, "high": None},
]
ANSWER = {"rows": ROWS, "n_test": 61, "n_positive": 17, "fingerprint": "f00d"}


@pytest.fixture
def sealed(project, tmp_path: Path, ratchet: Ratchet) -> Asked:
    asked = serve(project, tmp_path / "served", "sealed = true")
    ratchet("start", "first")
    project.edit(0.6, "better")
    ratchet("step")
    asked.say(reveal=ANSWER)
    return asked


def test_a_sealed_run_holds_the_number_nowhere(project, sealed: Asked, ratchet: Ratchet) -> None:
    shown = [
        ratchet(*command)[1] for command in (["results", "--audit"], ["results", "--json", "--audit"], ["show", "1"])
    ]
    state = [path.read_text() for path in (project.root / ".ratchet/first").glob("*") if path.is_file()]
    for text in (*shown, *state, project.read("results.tsv")):
        assert "0.777" not in text
    assert project.journal("first")[-1]["metrics"] == {"score": 0.6, "test_score": None}
    assert project.journal("first")[-1]["stdout"] == "hypothesis: better\nscore: 0.6\nstatus: ok\n"
    assert all(request["sealed"] for request in sealed.requests())


def test_the_table_says_that_it_is_sealed_and_shows_it_once_it_was_opened(sealed: Asked, ratchet: Ratchet) -> None:
    assert "the scores on the held-out test set are sealed; `uv run ratchet reveal`" in ratchet("results", "--audit")[2]
    ratchet("reveal")
    _, out, err = ratchet("results", "--audit")
    assert "0.7770" in out
    assert "sealed" not in err
    assert "0.7770" not in ratchet("results")[1]


def test_the_same_run_unsealed_holds_it(project, tmp_path: Path, ratchet: Ratchet) -> None:
    asked = serve(project, tmp_path / "served")
    ratchet("start", "first")
    assert project.journal("first")[-1]["metrics"]["test_score"] == 0.777
    assert "sealed" not in asked.requests()[0]


def test_the_test_is_opened_once_and_leaves_a_receipt(project, sealed: Asked, ratchet: Ratchet) -> None:
    status, out, err = ratchet("reveal")
    assert status == 0
    assert out.splitlines() == [
        "iter   score  test_auc     95 % interval",
        "   0  0.5000    0.7770  0.7000 to 0.8000  baseline",
        "   1  0.6000         -                    better",
        "61 held-out rows, 17 of them positive; intervals by DeLong; fingerprint f00d",
    ]
    receipt = json.loads(project.read(".ratchet/first/receipts/reveal-1.json"))
    assert (receipt["commit"], receipt["fingerprint"], receipt["opening"]) == ("c1", "f00d", 1)
    assert receipt["at"] == project.journal("first")[-1]["at"]
    assert "reveal-1.json" in err
    (asked,) = sealed.requests("reveal")
    assert [one["n"] for one in asked["experiments"]] == [0, 1]


def test_a_second_opening_has_to_be_asked_for_and_is_written_down(project, sealed: Asked, ratchet: Ratchet) -> None:
    ratchet("reveal")
    status, out, err = ratchet("reveal")
    assert (status, out) == (1, "")
    assert "run first: the test set was revealed on" in err
    assert len(sealed.requests("reveal")) == 1
    assert ratchet("reveal", "--again")[0] == 0
    assert json.loads(project.read(".ratchet/first/receipts/reveal-2.json"))["opening"] == 2


def test_no_experiment_follows_a_broken_seal(project, sealed: Asked, ratchet: Ratchet) -> None:
    ratchet("reveal")
    project.edit(0.7)
    for command in (["step"], ["loop", "-n", "1"]):
        status, out, err = ratchet(*command)
        assert (status, out) == (1, "")
        assert "run first: the test set was revealed on " in err
    assert len(project.results()) == 2
    status = ratchet("status")[1].splitlines()
    assert status[-2:] == ["done: the sealed test was revealed", "next: `uv run ratchet finish` reviews the run"]


def test_a_run_that_is_not_sealed_goes_on_after_its_test_was_opened(project, tmp_path, ratchet: Ratchet) -> None:
    serve(project, tmp_path / "served").say(reveal=ANSWER)
    ratchet("start", "first")
    assert ratchet("reveal")[0] == 0
    project.edit(0.6)
    assert "KEPT" in ratchet("step")[1]


def test_a_receipt_that_a_kill_prevented_is_written_later(project, sealed: Asked, ratchet: Ratchet) -> None:
    ratchet("reveal")
    path = project.root / ".ratchet/first/receipts/reveal-1.json"
    before = path.read_text()
    path.unlink()
    ratchet("reveal")
    assert path.read_text() == before


def test_there_is_nothing_to_open_without_a_baseline(project, tmp_path: Path, ratchet: Ratchet) -> None:
    from datetime import UTC, datetime

    from ratchet.repo.run import open_worktree, start_run

    serve(project, tmp_path / "served").say(reveal=ANSWER)
    start_run(open_worktree(project.root), "first", datetime.now(UTC))
    assert "the baseline has not been measured" in ratchet("reveal")[2]


def test_a_config_without_a_server_is_one_line(project, ratchet: Ratchet) -> None:
    ratchet("start", "first")
    for command in ("reveal", "placebo", "export"):
        status, _, err = ratchet(command)
        assert (status, err.count("\n")) == (1, 1)
        assert f"serve: the config has no server command, and `{command}` needs one" in err


@pytest.mark.parametrize(
    ("audit", "kept"),
    [
        (["held_out"], "score: 1\n"),
        ([{"name": "held_out", "grep": "final="}], "held_out: 3\nscore: 1\n"),
        ([{"name": "held_out", "json": "a.b"}], ""),
    ],
)
def test_lines_that_tell_of_the_test_are_left_out(audit: list[object], kept: str) -> None:
    table = {"name": "x", "editable": ["a.py"], "run": "run", "metric": {"name": "score", "direction": "maximize"}}
    parsed = config_file.parse({**table, "audit": audit, "sealed": True}, "c")
    text = "held_out: 3\ntest_acc: 0.5\nscore: 1\nfinal=3 test\n"
    assert sealed_text(text, parsed).replace("final=3 test\n", "") == kept
    assert "test_acc" not in sealed_text(text, parsed)


def test_a_run_is_opened_from_another_branch(project, sealed: Asked, ratchet: Ratchet) -> None:
    project.git("switch", "--quiet", "main")
    assert "is not a run branch" in ratchet("reveal")[2]
    status, out, _ = ratchet("reveal", "--run", "first")
    assert status == 0
    assert "0.7770" in out
