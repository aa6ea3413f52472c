"""start, step, loop and stop, on a real repo."""

import re
from collections.abc import Callable

import pytest

Ratchet = Callable[..., tuple[int, str, str]]


def test_start_makes_the_branch_and_measures_the_baseline(project, ratchet: Ratchet) -> None:
    status, out, _ = ratchet("start", "first")
    assert (status, out) == (0, "iter 0 | score=0.5000 | BASELINE — baseline\n")
    assert project.git("symbolic-ref", "HEAD") == "refs/heads/autoresearch/first"
    assert project.git("rev-parse", "main") == project.git("rev-parse", "HEAD")
    assert project.git("status", "--short") == ""


def test_a_better_edit_moves_the_branch(project, ratchet: Ratchet) -> None:
    ratchet("start", "first")
    project.edit(0.6, "a better idea")
    _, out, _ = ratchet("step")
    assert out == "iter 1 | score=0.6000 (Δ +0.1000) | KEPT — a better idea\n"
    assert project.kept() == ["start", "iter 1: a better idea"]
    assert project.git("status", "--short") == ""


@pytest.mark.parametrize("score", [0.5 - 1e-9, 0.4, -1])
def test_an_edit_that_is_no_better_leaves_the_branch_where_it_was(project, ratchet: Ratchet, score: float) -> None:
    ratchet("start", "first")
    before = project.git("rev-parse", "HEAD")
    project.edit(f"{score}  ", "a longer hypothesis for a worse score")
    _, out, _ = ratchet("step")
    assert "DISCARDED" in out
    assert project.git("rev-parse", "HEAD") == before
    assert "SCORE = 0.5" in project.read("model.py")
    assert project.git("status", "--short") == ""


def test_a_discarded_experiment_can_be_shown_again(project, ratchet: Ratchet) -> None:
    ratchet("start", "first")
    project.edit(0.4, "a worse idea")
    ratchet("step")
    _, out, _ = ratchet("show", "1")
    assert "+SCORE = 0.4" in out
    assert "DISCARDED — a worse idea" in out


@pytest.mark.parametrize(
    ("score", "line"),
    [
        ("1 / 0", "CRASHED (ZeroDivisionError: division by zero (model.py:2))"),
        ("float('nan')", "CRASHED (no score in the output)"),
        ("float('inf')", "CRASHED (no score in the output)"),
        ("__import__('sys').exit(0)", "CRASHED (no score in the output)"),
        ("__import__('sys').exit(7)", "CRASHED (exit status 7)"),
    ],
)
def test_an_edit_without_a_number_is_a_crash_and_never_a_number(project, ratchet: Ratchet, score, line) -> None:
    ratchet("start", "first")
    project.edit(score)
    _, out, _ = ratchet("step")
    assert out.startswith(f"iter 1 | {line}")
    assert project.results()[1]["score"] == ""
    assert project.results()[1]["status"] == "crash"


def test_an_edit_that_runs_for_ever_is_a_timeout(project, ratchet: Ratchet) -> None:
    project.write("pyproject.toml", project.read("pyproject.toml").replace("timeout = 20", "timeout = 0.5"))
    project.commit("short")
    ratchet("start", "first")
    project.edit("[None for _ in iter(int, 1)]")
    _, out, _ = ratchet("step")
    assert out.startswith("iter 1 | TIMEOUT (more than 0.5 s)")


def test_work_outside_the_editable_files_is_never_touched(project, ratchet: Ratchet) -> None:
    project.write("notes.txt", "uncommitted\n")
    project.write("staged.txt", "staged\n")
    project.git("add", "staged.txt")
    project.write("new.txt", "untracked\n")
    ratchet("start", "first")
    for score in (0.6, 0.4, "1/0"):
        project.edit(score)
        ratchet("step")
    assert project.git("status", "--short").splitlines() == ["M notes.txt", "A  staged.txt", "?? new.txt"]
    assert project.read("notes.txt") == "uncommitted\n"
    assert "staged.txt" not in project.git("ls-tree", "--name-only", "HEAD")


def test_a_file_dropped_beside_the_editable_file_has_no_effect(project, ratchet: Ratchet) -> None:
    ratchet("start", "first")
    project.write("model.py", 'from secret import SCORE\nHYPOTHESIS = "cheat"\n')
    project.write("secret.py", "SCORE = 99\n")
    _, out, _ = ratchet("step")
    assert "CRASHED (ModuleNotFoundError: No module named 'secret' (model.py:1))" in out


def test_an_edited_frozen_file_is_refused_in_one_line(project, ratchet: Ratchet) -> None:
    ratchet("start", "first")
    project.write("measure.py", "print('score: 99')\n")
    project.edit(0.6)
    status, out, err = ratchet("step")
    assert (status, out) == (1, "")
    assert err.startswith("measure.py: this file is frozen during a run and has been edited. `git restore measure.py`")
    assert len(err.splitlines()) == 1


def test_an_edit_that_changes_nothing_is_not_measured(project, ratchet: Ratchet) -> None:
    ratchet("start", "first")
    project.write("model.py", "# a comment\n" + project.read("model.py").replace("baseline", "another name"))
    _, out, _ = ratchet("step")
    assert out == "iter 1 | score=0.5000 | DISCARDED (no change) — another name\n"
    assert project.results()[1]["wall_time_s"] == ""


def test_code_that_was_seen_before_reuses_its_measurement(project, ratchet: Ratchet) -> None:
    ratchet("start", "first")
    project.edit(0.4, "worse")
    ratchet("step")
    project.edit(0.4, "worse again")
    _, out, _ = ratchet("step")
    assert out == "iter 2 | score=0.4000 (Δ -0.1000) | DISCARDED (same code as iter 1) — worse again\n"


def test_equal_and_simpler_is_kept(project, ratchet: Ratchet) -> None:
    project.write("model.py", 'HYPOTHESIS = "long"\nSCORE = 0.25 + 0.25\n')
    project.commit("long")
    ratchet("start", "first")
    project.edit(0.5, "short")
    _, out, _ = ratchet("step")
    assert "KEPT (equal, and simpler by 2 syntax-tree nodes) — short" in out


def test_a_symbolic_link_is_rejected_and_taken_off_the_worktree(project, ratchet: Ratchet) -> None:
    ratchet("start", "first")
    (project.root / "model.py").unlink()
    project.write("elsewhere.py", "SCORE = 9\n")
    (project.root / "model.py").symlink_to("elsewhere.py")
    _, out, _ = ratchet("step")
    assert "REJECTED (model.py: an editable file must not be a symbolic link" in out
    assert not (project.root / "model.py").is_symlink()
    assert "SCORE = 0.5" in project.read("model.py")
    assert project.read("elsewhere.py") == "SCORE = 9\n"


def test_the_audit_number_is_recorded_and_never_shown(project, ratchet: Ratchet) -> None:
    project.use_agent(0.6, 0.4)
    text = "".join(ratchet("loop", "-n", "2")[1:])
    text += "".join(
        "".join(ratchet(*call)[1:]) for call in (["status"], ["status", "--json"], ["results"], ["show", "1"])
    )
    text += ratchet("results", "--json")[1]
    text += next((project.root / ".ratchet").glob("*/prompt.md")).read_text()
    assert "test_score" not in text
    assert "0.123" not in text
    assert project.results()[1]["test_score"] == "0.123000"
    assert "0.123" in ratchet("results", "--audit")[1]


@pytest.mark.parametrize("command", ["results --audit", "results --tsv", "conclude --audit", "reveal"])
def test_no_audit_number_is_shown_where_an_agent_reads_along(
    project, ratchet: Ratchet, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    ratchet("start", "first")
    monkeypatch.setenv("CLAUDECODE", "1")
    code, out, err = ratchet(*command.split())
    assert (code, out) == (1, "")
    assert f"{command}: run this in another terminal: the agent reads along here" in err
    assert ratchet("results")[0] == 0


def test_results_fit_100_columns_where_an_agent_reads_them(
    project, ratchet: Ratchet, monkeypatch: pytest.MonkeyPatch
) -> None:
    ratchet("start", "first")
    project.edit(0.6, "a long hypothesis " * 10)
    ratchet("step", "--strategy", "guess")
    assert max(map(len, ratchet("results")[1].splitlines())) > 100
    monkeypatch.setenv("CLAUDECODE", "1")
    out = ratchet("results")[1]
    assert max(map(len, out.splitlines())) <= 100
    assert "0.6" in out


def test_results_tsv_has_the_agreed_columns(project, ratchet: Ratchet) -> None:
    ratchet("start", "first")
    project.edit(0.6, "tab\\tand\\nnewline \\x1b[31m")
    ratchet("step", "--strategy", "guess")
    assert project.read("results.tsv").splitlines()[0].split("\t") == [
        *("n", "commit", "score", "delta", "delta_se", "test_score", "cpu_time_s", "wall_time_s"),
        *("status", "strategy", "description"),
    ]
    assert len(project.read("results.tsv").splitlines()) == 3
    assert project.results()[1]["strategy"] == "guess"
    assert "\x1b" not in project.read("results.tsv")


def test_loop_starts_a_run_of_its_own_and_prints_a_line_an_experiment(project, ratchet: Ratchet) -> None:
    project.use_agent(0.6, 0.55, "1 / 0", 0.7)
    status, out, err = ratchet("loop", "-n", "4")
    lines = out.splitlines()
    assert status == 0
    assert lines[:5] == [
        "iter 0 | score=0.5000 | BASELINE — baseline",
        "iter 1 | score=0.6000 (Δ +0.1000) | KEPT — idea 1",
        "iter 2 | score=0.5500 (Δ -0.0500) | DISCARDED — idea 2",
        "iter 3 | CRASHED (ZeroDivisionError: division by zero (model.py:2)) — idea 3",
        "iter 4 | score=0.7000 (Δ +0.1000) | KEPT — idea 4",
    ]
    assert "best score=0.7000 (iter 4), baseline 0.5000" in out
    assert re.search(r"run [a-z]{3}\d\d on branch autoresearch/", err)
    assert project.kept() == ["start", "iter 1: idea 1", "iter 4: idea 4"]


def test_a_second_run_of_the_same_day_gets_another_name(project, ratchet: Ratchet) -> None:
    project.use_agent(0.6, 0.7)
    ratchet("loop", "-n", "1")
    project.git("switch", "--quiet", "main")
    ratchet("loop", "-n", "1")
    assert project.git("symbolic-ref", "--short", "HEAD").endswith("-2")


def test_loop_goes_on_with_the_run_that_is_checked_out(project, ratchet: Ratchet) -> None:
    project.use_agent(0.6, 0.7, 0.8)
    ratchet("loop", "-n", "1")
    _, out, _ = ratchet("loop", "-n", "2")
    assert [line.split(" | ")[0] for line in out.splitlines()[:2]] == ["iter 2", "iter 3"]


def test_an_edit_on_the_worktree_is_measured_before_the_agent_is_asked(project, ratchet: Ratchet) -> None:
    project.use_agent(0.6, 0.7)
    project.edit(0.9, "mine, before the run")
    _, out, _ = ratchet("loop", "-n", "2")
    assert out.splitlines()[1] == "iter 1 | score=0.9000 (Δ +0.4000) | KEPT — mine, before the run"
    assert out.splitlines()[2].startswith("iter 2 | score=0.7000")


def test_a_run_that_grows_from_another_says_so(project, ratchet: Ratchet) -> None:
    assert "note:" not in ratchet("start", "first")[2]
    project.edit(0.7)
    ratchet("step")
    err = ratchet("start", "second")[2]
    assert "note: the baseline is the best code of run first. To start from the original code: `git switch main`" in err
    assert "note:" not in ratchet("start", "third")[2]
    project.edit(0.8)
    ratchet("step")
    assert "best code of run third. To start from the original code: `git switch main`" in ratchet("start", "fourth")[2]


def test_a_run_of_another_table_says_how_to_take_it_along(project, ratchet: Ratchet) -> None:
    project.configure('setup = ["data.toml"]')
    project.write("data.toml", "table = 1\n")
    project.commit("a table")
    ratchet("start", "first")
    project.edit(0.7)
    ratchet("step")
    project.write("data.toml", "table = 2\n")
    err = ratchet("start", "second")[2]
    assert "`git switch main && git restore --source autoresearch/second data.toml`" in err


def test_start_takes_an_existing_run_up_again(project, ratchet: Ratchet) -> None:
    ratchet("start", "first")
    project.edit(0.6)
    ratchet("step")
    project.git("switch", "--quiet", "main")
    status, out, _ = ratchet("start", "first")
    assert (status, out) == (0, "")
    assert project.git("symbolic-ref", "--short", "HEAD") == "autoresearch/first"
    assert "SCORE = 0.6" in project.read("model.py")


@pytest.mark.parametrize("tag", ["a;id", "--", "../x", "x" * 300, "標籤", "", ".hidden", "-x", "a b", "x.lock", "a..b"])
def test_a_tag_that_is_no_safe_name_is_refused(project, ratchet: Ratchet, tag: str) -> None:
    status, _, err = ratchet("start", "--", tag)
    assert status == 1
    assert err.startswith("tag: ")
    assert "is not a valid tag. Use at most 60 characters of A-Z a-z 0-9 . _ -" in err
    assert project.git("for-each-ref", "refs/heads/autoresearch") == ""


def test_an_option_for_a_tag_is_an_option(project, ratchet: Ratchet) -> None:
    assert ratchet("start", "--help")[0] == 0
    assert ratchet("start", "--hel")[0] == 2


def test_setup_files_are_taken_as_the_worktree_has_them(project, ratchet: Ratchet) -> None:
    project.configure('setup = ["data/card.toml"]')
    project.write("data/card.toml", "rows = 3\n")
    ratchet("start", "first")
    assert project.git("show", "HEAD:data/card.toml") == "rows = 3"
    assert project.git("rev-parse", "HEAD^") == project.git("rev-parse", "main")
    assert project.git("status", "--short") == ""
    project.write("data/card.toml", "rows = 4\n")
    project.edit(0.6)
    status, _, err = ratchet("step")
    assert status == 1
    assert err.startswith("data/card.toml: this file is frozen during a run")


def test_linked_files_are_visible_where_the_commit_is_measured(project, ratchet: Ratchet) -> None:
    project.configure('link = ["*.csv"]')
    project.write(".gitignore", "*.csv\nresults.tsv\n")
    project.write("table.csv", "0.75\n")
    project.write("measure.py", "import model; print('score:', float(open('table.csv').read()))\n")
    project.commit("read the table")
    assert ratchet("start", "first")[1].startswith("iter 0 | score=0.7500")


def test_a_baseline_without_a_number_is_one_clear_line(project, ratchet: Ratchet) -> None:
    project.edit("1/0")
    project.commit("broken")
    status, out, err = ratchet("start", "first")
    assert status == 1
    assert out.startswith("iter 0 | CRASHED (ZeroDivisionError: division by zero (model.py:2))")
    assert err.splitlines()[-1].startswith("iter 0: the baseline has no number, its verdict is crash")
    project.edit(0.6)
    assert ratchet("step")[1].startswith("iter 1 | score=0.6000 | KEPT (the first measured experiment)")


def test_a_known_baseline_spares_the_first_measurement(project, ratchet: Ratchet) -> None:
    project.write("pyproject.toml", project.read("pyproject.toml") + "\n[tool.ratchet.baseline]\nscore = 0.55\n")
    project.commit("known")
    _, out, _ = ratchet("start", "first")
    assert out == "iter 0 | score=0.5500 | BASELINE — baseline\n"


def test_checks_must_pass_before_a_better_number_is_kept(project, ratchet: Ratchet) -> None:
    project.write("check.py", "import model, sys\nsys.exit('too much' if model.SCORE > 1 else 0)\n")
    project.configure('checks = ["python check.py"]')
    ratchet("start", "first")
    project.edit(2)
    assert "REJECTED (check failed: python check.py: exit 1: too much)" in ratchet("step")[1]
    project.edit(0.9)
    assert "KEPT" in ratchet("step")[1]


def test_a_number_too_good_to_be_true_stops_the_loop(project, ratchet: Ratchet) -> None:
    project.configure("look_at = 0.99")
    project.use_agent(0.6, 0.995, 0.7)
    _, out, _ = ratchet("loop", "-n", "3")
    assert "iter 2 | score=0.9950 (Δ +0.3950) | KEPT" in out
    assert "iter 3" not in out
    assert "stopped: score = 0.9950 has reached look_at" in out


def test_a_changed_config_ends_the_comparison(project, ratchet: Ratchet) -> None:
    ratchet("start", "first")
    project.write("pyproject.toml", project.read("pyproject.toml").replace("maximize", "minimize"))
    project.edit(0.4)
    status, _, err = ratchet("step")
    assert status == 1
    assert "run first: changed since the run started: config: metrics" in err


def test_stop_asks_the_loop_to_end(project, ratchet: Ratchet) -> None:
    ratchet("start", "first")
    assert ratchet("stop")[0] == 0
    assert "done: asked to stop" in ratchet("status")[1]
    ratchet("start", "first")
    assert "asked to stop" not in ratchet("status")[1]


@pytest.mark.parametrize(
    ("score", "fresh", "verdict"), [(0.6, 0.7, "KEPT"), (0.6, 0.4, "DISCARDED"), (0.6, 0.5, "DISCARDED")]
)
def test_rule_confirm_asks_again_on_a_fresh_partition(project, ratchet: Ratchet, score, fresh, verdict) -> None:
    project.write(
        "measure.py",
        "import model, os\nfresh = os.environ.get('RATCHET_PARTITION')\n"
        "print('score:', getattr(model, 'FRESH', 0.5) if fresh else model.SCORE)\n",
    )
    project.configure('rule = "confirm"')
    ratchet("start", "first")
    project.write("model.py", f"SCORE = {score}\nFRESH = {fresh}\n")
    _, out, _ = ratchet("step", "-m", "an idea")
    assert f"| {verdict}" in out
    if verdict == "DISCARDED":
        assert f"(not confirmed on a fresh partition: {fresh:.4f} against 0.5000)" in out
    assert project.journal("first")[-1]["confirm_delta"] == pytest.approx(fresh - 0.5)


@pytest.mark.parametrize("option", [["--until", "nan"], ["--until", "inf"], ["--minutes", "nan"]])
def test_a_limit_that_is_no_number_is_refused(project, ratchet, option: list[str]) -> None:
    status, out, err = ratchet("loop", "-n", "1", *option)
    assert (status, out) == (2, "")
    assert f"{option[0]}: {option[1]} is not a finite number. Use a number such as" in err


@pytest.mark.parametrize("tag", ["a..b", "a.", "a.lock", "../x", "-x", "a;id", "é", "x" * 61])
def test_what_is_wrong_with_a_tag_is_reported(project, ratchet, tag: str) -> None:
    status, out, err = ratchet("start", "--", tag)
    assert (status, out) == (1, "")
    assert (
        "is not a valid tag. Use at most 60 characters of A-Z a-z 0-9 . _ -, start with a letter or digit, avoid .."
        in err
    )


def test_a_run_s_branch_without_its_journal_says_where_that_is(project, ratchet) -> None:
    project.git("switch", "--quiet", "-c", "autoresearch/elsewhere")
    assert "run elsewhere: its journal .ratchet/elsewhere/journal.jsonl is missing" in ratchet("status")[2]


def test_a_check_that_no_program_is_there_for_is_found_before_the_run(project, ratchet) -> None:
    project.configure('checks = ["no-such-program --fast"]')
    status, out, _ = ratchet("check")
    assert status == 1
    assert "bad  checks: the program 'no-such-program' is not on PATH. Install it, or change checks" in out
