"""The end of a run: a review computed from the journal, a branch for a pull request, and nothing lost on the way."""

import re
from collections.abc import Callable

import pytest

from ratchet.analyses.review import RunFacts, review
from ratchet.core.config_file import parse
from ratchet.core.noise import noise_floor
from ratchet.core.records import Experiment, Verdict
from ratchet.engine.signals import ask_to_stop
from ratchet.repo import files

Ratchet = Callable[..., tuple[int, str, str]]
DIRTY = [" M notes.txt", "?? new.txt"]


@pytest.fixture
def climbed(record):
    """A run with two kept ideas, a worse one and a crash, and work of the user's beside it."""
    project = record((0.6, "one"), (0.4, "worse"), ("1 / 0", "broken"), (0.7, "two"))
    project.write("notes.txt", "uncommitted\n")
    project.write("new.txt", "untracked\n")
    return project


def state(project) -> tuple[object, ...]:
    """Everything that finishing twice must leave as finishing once did."""
    return (
        project.git("for-each-ref"),
        project.git("status", "--short"),
        project.git("symbolic-ref", "HEAD"),
        project.read(".ratchet/first/journal.jsonl"),
        project.read(".ratchet/first/review.md"),
        project.read("model.py"),
    )


def test_the_branch_holds_the_kept_commits_as_they_are(climbed, ratchet: Ratchet) -> None:
    before = climbed.git("for-each-ref", "refs/ratchet", "refs/heads/autoresearch")
    status, out, err = ratchet("finish")
    assert status == 0
    assert climbed.git("rev-parse", "result/first") == climbed.git("rev-parse", "autoresearch/first")
    assert re.fullmatch(r"branch result/first at [0-9a-f]{7} is ready: `git push -u origin result/first`\n", err)
    assert climbed.git("for-each-ref", "refs/ratchet", "refs/heads/autoresearch") == before
    assert climbed.read(".ratchet/first/review.md") == out


def test_squashed_it_is_one_commit_on_the_base_that_lists_ideas_and_numbers(climbed, ratchet: Ratchet) -> None:
    assert ratchet("finish", "--squash")[0] == 0
    assert climbed.git("rev-parse", "result/first~1") == climbed.git("rev-parse", "main")
    assert climbed.git("diff", "--name-only", "main", "result/first") == "model.py"
    assert climbed.git("show", "result/first:model.py").endswith("SCORE = 0.7")
    assert climbed.git("log", "-1", "--format=%B", "result/first").splitlines() == [
        "run first: score 0.5000 → 0.7000, 2 of 4 experiments kept",
        "",
        "- iter 1: 0.6000 (Δ +0.1000) — one",
        "- iter 4: 0.7000 (Δ +0.1000) — two",
    ]


@pytest.mark.parametrize("options", [[], ["--squash"], ["--onto", "main"], ["--squash", "--onto", "main"]])
def test_twice_is_as_once_and_neither_worktree_nor_index_is_touched(climbed, ratchet: Ratchet, options) -> None:
    climbed.git("switch", "--quiet", "main")
    climbed.git("-c", "user.name=a", "-c", "user.email=a@b", "commit", "--quiet", "--allow-empty", "-m", "meanwhile")
    climbed.git("switch", "--quiet", "autoresearch/first")
    assert ratchet("finish", *options)[0] == 0
    once = state(climbed)
    assert [f" {line}" if line.startswith("M") else line for line in str(once[1]).splitlines()] == DIRTY
    assert ratchet("finish", *options)[0] == 0
    assert state(climbed) == once


def test_onto_makes_the_kept_commits_again_on_another_branch(climbed, ratchet: Ratchet) -> None:
    climbed.git("stash", "--quiet")
    climbed.git("switch", "--quiet", "main")
    climbed.write("other.txt", "theirs\n")
    climbed.git("add", "other.txt")
    climbed.git("-c", "user.name=a", "-c", "user.email=a@b", "commit", "--quiet", "-m", "theirs")
    climbed.git("switch", "--quiet", "autoresearch/first")
    assert ratchet("finish", "--onto", "main")[0] == 0
    log = climbed.git("log", "--reverse", "--format=%s", "result/first").splitlines()
    assert log == ["start", "theirs", "iter 1: one", "iter 4: two"]
    assert climbed.git("show", "result/first:other.txt") == "theirs"


def test_onto_never_writes_over_what_others_made_of_the_file(climbed, ratchet: Ratchet) -> None:
    climbed.git("stash", "--quiet")
    climbed.git("switch", "--quiet", "main")
    climbed.edit(0.55, "theirs")
    climbed.git("-c", "user.name=a", "-c", "user.email=a@b", "commit", "--quiet", "-am", "theirs")
    climbed.git("switch", "--quiet", "autoresearch/first")
    status, _, err = ratchet("finish", "--onto", "main")
    assert status == 1
    assert err.startswith("--onto: model.py was also changed on main since the run was started.")
    assert ratchet("finish", "--onto", "no-such")[2].startswith("--onto: there is no branch or commit no-such.")
    assert climbed.git("for-each-ref", "refs/heads/result") == ""


def test_a_result_follows_a_run_that_went_on_and_another_shape(climbed, ratchet: Ratchet) -> None:
    ratchet("finish")
    climbed.edit(0.8, "three")
    ratchet("step")
    assert ratchet("finish", "--squash")[0] == 0
    assert climbed.git("show", "result/first:model.py").endswith("SCORE = 0.8")


def test_a_branch_that_somebody_committed_to_is_never_moved(climbed, ratchet: Ratchet) -> None:
    ratchet("finish")
    tree, tip = climbed.git("rev-parse", "result/first^{tree}"), climbed.git("rev-parse", "result/first")
    who = ("-c", "user.name=a", "-c", "user.email=a@b")
    theirs = climbed.git(*who, "commit-tree", tree, "-p", tip, "-m", "theirs")
    climbed.git("update-ref", "refs/heads/result/first", theirs)
    status, _, err = ratchet("finish", "--squash")
    assert status == 1
    assert err.startswith("result/first: the branch is checked out or was changed after `uv run ratchet finish`.")
    assert climbed.git("rev-parse", "result/first") == theirs


def test_a_run_without_gain_says_so_and_offers_to_go(project, ratchet: Ratchet) -> None:
    ratchet("start", "first")
    project.edit(0.4, "worse")
    ratchet("step")
    status, out, err = ratchet("finish")
    assert status == 0
    assert "no gain in 1 experiment: the baseline stands" in out
    assert err.startswith("no gain, so no branch; `uv run ratchet finish --leave`")
    assert project.git("for-each-ref", "refs/heads/result") == ""
    assert project.git("symbolic-ref", "HEAD") == "refs/heads/autoresearch/first"


def test_leave_goes_back_and_keeps_every_record(project, ratchet: Ratchet) -> None:
    project.git("switch", "--quiet", "-c", "my-work")
    ratchet("start", "first")
    project.edit(0.4, "worse")
    ratchet("step")
    refs = project.git("for-each-ref", "refs/ratchet", "refs/heads")
    assert ratchet("finish", "--leave")[2].endswith(
        "switched to my-work; `git switch autoresearch/first` returns to the run\n"
    )
    assert project.git("symbolic-ref", "HEAD") == "refs/heads/my-work"
    assert project.git("for-each-ref", "refs/ratchet", "refs/heads") == refs
    assert ratchet("finish", "--leave")[::2] == (0, "the current branch is not a run branch: nothing to leave\n")


def test_leave_keeps_the_result_in_the_shape_that_was_chosen(climbed, ratchet: Ratchet) -> None:
    climbed.git("restore", "notes.txt")
    ratchet("finish", "--squash")
    squashed = climbed.git("rev-parse", "result/first")
    assert ratchet("finish", "--leave")[0] == 0
    assert climbed.git("rev-parse", "result/first") == squashed
    assert climbed.git("symbolic-ref", "HEAD") == "refs/heads/main"


@pytest.mark.parametrize("name", ["notes.txt", "model.py"])
def test_leave_refuses_while_the_worktree_holds_an_edit(project, ratchet: Ratchet, name: str) -> None:
    ratchet("start", "first")
    project.write(name, "SCORE = 1\n")
    status, _, err = ratchet("finish", "--leave")
    assert status == 1
    assert f"{name}: there are uncommitted edits in 1 file." in err
    assert project.git("symbolic-ref", "HEAD") == "refs/heads/autoresearch/first"
    assert project.read(name) == "SCORE = 1\n"


def test_leftovers_of_this_run_go_and_those_of_others_stay(climbed, ratchet: Ratchet) -> None:
    climbed.write(".ratchet/other/tree/x", "")
    climbed.write(".ratchet/first/check/x", "")
    ratchet("finish")
    left = {path.name for path in (climbed.root / ".ratchet/first").iterdir()}
    assert {"journal.jsonl", "review.md"} <= left
    assert not left & {"tree", "check", "candidate", "best"}
    assert (climbed.root / ".ratchet/other/tree/x").exists()


@pytest.mark.parametrize("is_edited", [False, True])
def test_a_subrun_of_a_race_that_was_killed_goes_unless_it_holds_an_edit(climbed, ratchet, is_edited: bool) -> None:
    subrun = climbed.root / ".ratchet/first/lanes/first-lane1"
    climbed.git("worktree", "add", "--quiet", "-b", "autoresearch/first-lane1", str(subrun))
    with (climbed.root / ".ratchet/first/journal.jsonl").open("a") as journal:
        journal.write('{"event": "race", "lanes": ["first-lane1"], "tag": "first", "at": "x"}\n')
    (subrun / "results.tsv").write_text("n\n")
    if is_edited:
        (subrun / "model.py").write_text("SCORE = 3\n")
    status, _, err = ratchet("finish")
    assert status == 0
    assert subrun.exists() is is_edited
    assert ("this worktree of a race has uncommitted edits and was not removed" in err) is is_edited
    assert climbed.git("rev-parse", "autoresearch/first-lane1")


def test_a_run_that_somebody_works_on_is_not_finished(climbed, ratchet: Ratchet) -> None:
    with files.hold_lock(climbed.root / ".ratchet/first/lock", "ratchet loop"):
        status, out, err = ratchet("finish")
    assert (status, out) == (1, "")
    assert err.startswith("run first is locked by process ")


def test_a_kill_between_verdict_and_branch_is_made_good(climbed, ratchet: Ratchet) -> None:
    climbed.git("update-ref", "refs/heads/autoresearch/first", "refs/ratchet/first/1")
    assert ratchet("finish")[0] == 0
    assert climbed.git("rev-parse", "result/first") == climbed.git("rev-parse", "refs/ratchet/first/4")


def test_the_review_says_what_the_journal_holds_and_no_held_out_number(climbed, ratchet: Ratchet) -> None:
    out = ratchet("finish")[1]
    for line in (
        "# Review of run first",
        "- ok: fingerprint: config, frozen files and data settings are unchanged since the start",
        "- look: crash: iter 3",
        "- ok: 4 of 4 experiments state a hypothesis",
        "- look: 0 of 4 experiments have a note",
        "- ok: the median kept edit changes 4 lines",
        "- look: failed without a number and not tried again: iter 3",
    ):
        assert line in out.splitlines()
    assert "best gain +0.2000 (score) after 3 tries; without measured standard errors" in out
    assert "0.123" not in out
    assert "test_score" not in out


def test_the_review_says_when_a_frozen_file_was_changed(climbed, ratchet: Ratchet) -> None:
    climbed.write("measure.py", climbed.read("measure.py") + "# changed\n")
    climbed.git("add", "measure.py")
    climbed.git("-c", "user.name=a", "-c", "user.email=a@b", "commit", "--quiet", "-m", "change")
    assert "- look: fingerprint: run first: changed since the run started: measure.py" in ratchet("finish")[1]


CONFIG = parse(
    {
        "name": "x",
        "editable": ["a"],
        "run": "r",
        "metric": {"name": "auc", "direction": "maximize"},
        "bandit": {"arms": ["features", "model", "simplify"]},
    },
    "config",
)


def made(n: int, metric: float | None, verdict: Verdict, se: float | None = 0.01, **more: object) -> Experiment:
    delta = None if metric is None else metric - 0.8
    message = {"hypothesis": f"idea {n}", "note": "n", "wall_time_s": 1.0, "strategy": "features", **more}
    return Experiment(n, "c", "p", verdict, metric=metric, delta=delta, delta_se=se, **message)  # type: ignore[arg-type]


def review_of(*tried: Experiment, **facts: object) -> str:
    first = Experiment(0, "c", "p", Verdict.BASELINE, metric=0.8, metrics={"auc": 0.8})
    return review(RunFacts("t", CONFIG, [first, *tried], {old.n: 4 for old in tried}, **facts))  # type: ignore[arg-type]


@pytest.mark.parametrize(("metric", "word"), [(0.817, "above"), (0.815, "below")])
def test_the_gain_is_held_against_the_noise_floor(metric: float, word: str) -> None:
    text = review_of(made(1, 0.79, Verdict.DISCARD), made(2, metric, Verdict.KEEP))
    assert f"after 2 tries: {word} the noise floor (1.6 × median paired SE = 0.0160" in text
    assert ("Measure the best again" in text) is (word == "below")


def test_the_noise_floor_is_none_without_a_standard_error() -> None:
    assert noise_floor([made(1, 0.9, Verdict.KEEP, None)]) is None
    assert noise_floor([made(1, 0.9, Verdict.KEEP, 0.01), made(2, 0.9, Verdict.KEEP, 0.03)]) == pytest.approx(0.032)


def test_what_was_not_tried_and_what_failed_are_next_steps() -> None:
    text = review_of(
        made(1, None, Verdict.CRASH, None, strategy="model"),
        made(2, 0.795, Verdict.DISCARD),
        made(3, None, Verdict.TIMEOUT, None),
        made(4, 0.7, Verdict.DISCARD),
    )
    assert "- look: kinds not tried: simplify" in text
    assert "- Fix and measure the experiments that failed without a number: iter 1." in text
    assert "- Combine near-misses (within 1 SE of the best): iter 2." in text


def test_large_edits_and_ideas_without_a_name_are_pointed_at() -> None:
    first = Experiment(0, "c", "p", Verdict.BASELINE, metric=0.8, metrics={"auc": 0.8})
    kept = [made(1, 0.81, Verdict.KEEP), made(2, 0.82, Verdict.KEEP, hypothesis="a: +90 -3 lines")]
    text = review(RunFacts("t", CONFIG, [first, *kept], {1: 4, 2: 93}))
    assert "more than 40, perhaps several ideas: iter 2" in text
    assert "1 of 2 experiments state a hypothesis; not iter 2" in text


def test_a_failed_leak_check_and_a_second_fingerprint_are_pointed_at() -> None:
    text = review_of(
        made(1, 0.81, Verdict.KEEP, stdout="leaks: none\nfingerprint: aa"),
        made(2, 0.9, Verdict.REJECT, stdout="leaks: label-flip\nfingerprint: bb"),
    )
    assert "- look: the harness printed the fingerprint aa (1×), bb (1×)" in text
    assert "- ok: leak checks over 2 measurements: iter 2 label-flip (reject)" in text


def test_what_was_kept_without_a_baseline_is_no_gain_that_anybody_measured() -> None:
    broken = Experiment(0, "c", "p", Verdict.CRASH)
    text = review(RunFacts("t", CONFIG, [broken, made(1, 0.9, Verdict.KEEP)], {1: 4}))
    assert "- look: an experiment was kept, but the baseline has no number to compare it with" in text


def test_a_review_of_nothing_is_a_review() -> None:
    assert review(RunFacts("t", CONFIG, [], {})).startswith("# Review of run t\n\nno experiments yet.")


def test_stop_writes_down_who_asked(project, ratchet: Ratchet, monkeypatch) -> None:
    monkeypatch.setenv("CLAUDECODE", "1")
    monkeypatch.setenv("RATCHET_N", "3")
    monkeypatch.setenv("LOGNAME", "ada")
    ratchet("start", "first")
    status, _, err = ratchet("stop")
    assert (status, err) == (0, "run first: no process works on it; the stop is recorded\n")
    event = project.journal("first")[-1]
    assert (event["event"], event["reason"]) == ("stop", "asked to stop")
    asker = event["asked_by"]
    assert isinstance(asker, dict)
    assert asker["user"] == "ada"
    assert isinstance(asker["pid"], int)
    assert {"CLAUDECODE": "1", "RATCHET_N": "3"}.items() <= asker["marks"].items()
    assert ratchet("status")[1].splitlines()[-2:] == [
        "done: asked to stop",
        "next: `uv run ratchet finish` reviews the run; or `uv run ratchet loop` goes on",
    ]


def test_a_stop_that_came_while_a_step_worked_is_written_down_by_it_once(project, ratchet: Ratchet) -> None:
    ratchet("start", "first")
    ask_to_stop(project.root / ".ratchet/first/stop")
    project.edit(0.6)
    ratchet("step")
    project.edit(0.7)
    ratchet("step")
    stops = [event for event in project.journal("first") if event["event"] == "stop"]
    assert [stop["reason"] for stop in stops] == ["asked to stop"]
    assert "pid" in stops[0]["asked_by"]  # type: ignore[operator]


def test_a_clear_gain_is_clear_with_a_prediction_too() -> None:
    from ratchet.core.records import Experiment, Verdict
    from ratchet.core.text import evidence_text, is_clear

    old = Experiment(1, "c", "", Verdict.KEEP, metric=0.9, delta=0.05, delta_se=0.01, prediction=0.003)
    assert is_clear(old)
    assert evidence_text(old) == "Δ +0.0500 ± 0.0100, clear, predicted +0.0030"
