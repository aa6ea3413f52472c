"""The report of a real run: its patches come from git in one call, and what cannot be written is one line."""

from __future__ import annotations

from collections.abc import Callable

from ratchet.repo import files, git
from ratchet.repo.journal import read_experiments
from ratchet.repo.run import current_run, open_worktree
from ratchet.views.report.write import patches

Ratchet = Callable[..., tuple[int, str, str]]


def run_three(project, ratchet: Ratchet) -> None:
    ratchet("start", "first")
    for score, idea in ((0.7, "better"), (0.6, "worse"), ('"<b>"', "</script><script>x")):
        project.edit(score, idea)
        ratchet("step")


def test_the_patches_are_those_that_git_shows_one_by_one(project, ratchet: Ratchet) -> None:
    run_three(project, ratchet)
    run = current_run(open_worktree(project.root))
    assert run is not None
    history = read_experiments(run.journal)
    found = patches(run, history)
    for old in history[1:]:
        shown = git.diff(run.worktree.repo, old.parent, old.commit, run.worktree.editable)
        assert [row for row in found[old.commit].splitlines() if row[:1] in "+-"] == [
            row for row in shown.splitlines() if row[:1] in "+-"
        ]


def test_kept_and_dropped_ones_are_on_the_page_with_their_changes(project, ratchet: Ratchet) -> None:
    run_three(project, ratchet)
    assert ratchet("report", "-o", "out/r.html")[0] == 0
    page = (project.root / "out/r.html").read_text("utf-8")
    assert "<ins>+SCORE = 0.7</ins>" in page
    assert "<ins>+SCORE = 0.6</ins>" in page
    assert "<ins>+SCORE = &#34;&lt;b&gt;&#34;</ins>" in page
    assert page.count("<script>") == 1


def test_the_audit_numbers_are_left_out_while_somebody_works_on_the_run(project, ratchet: Ratchet) -> None:
    ratchet("start", "first")
    run = current_run(open_worktree(project.root))
    assert run is not None
    with files.hold_lock(run.folder / "lock", "a loop"):
        ratchet("report", "-o", "busy.html")
    ratchet("report", "-o", "quiet.html")
    assert "0.1230" not in (project.root / "busy.html").read_text("utf-8")
    assert "0.1230" in (project.root / "quiet.html").read_text("utf-8")


def test_a_place_that_cannot_be_written_is_one_line(project, ratchet: Ratchet) -> None:
    ratchet("start", "first")
    status, out, err = ratchet("report", "-o", "notes.txt/r.html")
    assert (status, out, err.count("\n")) == (1, "", 1)
    assert "cannot write the report" in err


def test_a_run_of_which_commits_are_lost_still_has_a_report(project, ratchet: Ratchet) -> None:
    run_three(project, ratchet)
    path = project.root / ".ratchet/first/journal.jsonl"
    text = path.read_text()
    commit = read_experiments(path)[2].commit
    path.write_text(text.replace(commit, "0" * 39 + "1"))
    assert ratchet("report")[0] == 0
