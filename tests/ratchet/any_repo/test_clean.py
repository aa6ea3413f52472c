"""`clean TAG` removes a run, says before what goes, and keeps it in one file."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Ratchet = Callable[..., tuple[int, str, str]]


@pytest.fixture
def left(shell, ratchet: Ratchet):
    """A project whose run `first` is over, with main checked out."""
    ratchet("start", "first")
    shell.write("src/one.sh", "value=10\n")
    ratchet("step")
    shell.write("src/one.sh", "value=90\n")
    ratchet("step")
    shell.git("switch", "--quiet", "main")
    return shell


def refs(shell) -> list[str]:
    return shell.git("for-each-ref", "--format=%(refname)").splitlines()


def traces(shell, tag: str) -> list[str]:
    """Return all that still names a run, in the folder of runs and in that of git."""
    places = [shell.root / ".ratchet" / tag, shell.root / ".git/ratchet" / tag, shell.root / "results.tsv"]
    return [ref for ref in refs(shell) if tag in ref] + [str(path) for path in places if path.exists()]


def test_a_run_is_removed_and_can_be_brought_back(left, ratchet: Ratchet) -> None:
    before, table = refs(left), ratchet("results", "--tsv", "--run", "first")[1]
    status, out, err = ratchet("clean", "first", "--yes")
    assert status == 0, err
    assert "removes branch autoresearch/first\nremoves 3 commits under refs/ratchet/first\n" in out
    assert traces(left, "first") == []
    archive = left.root / ".ratchet/first.tar.gz"
    subprocess.run(["tar", "xzf", archive.name], cwd=archive.parent, check=True)
    left.git("fetch", "--quiet", ".ratchet/first/commits.bundle", "refs/*:refs/*")
    assert refs(left) == before
    assert ratchet("results", "--tsv", "--run", "first")[1] == table


@pytest.mark.slow
def test_nothing_goes_without_a_yes(left) -> None:
    before = refs(left)
    command = [sys.executable, "-m", "ratchet.cli", "clean", "first"]
    for answer, status in (("", 1), ("n\n", 1)):
        done = subprocess.run(command, cwd=left.root, input=answer, capture_output=True, text=True)
        assert done.returncode == status
        assert "the run first was not removed" in done.stderr
        assert refs(left) == before
    done = subprocess.run(command, cwd=left.root, input="y\n", capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert traces(left, "first") == []


def test_a_run_whose_branch_was_deleted_is_a_way_out_of_a_taken_tag(left, ratchet: Ratchet) -> None:
    left.git("branch", "-D", "autoresearch/first")
    status, _, err = ratchet("start", "first")
    assert status == 1
    assert "`uv run ratchet clean first` removes that run" in err
    assert ratchet("clean", "first", "--yes")[0] == 0
    assert ratchet("start", "first")[0] == 0


def test_no_archive_keeps_nothing(left, ratchet: Ratchet) -> None:
    ratchet("clean", "first", "--yes", "--no-archive")
    assert sorted(path.name for path in (left.root / ".ratchet").iterdir()) == [".gitignore"]


def test_the_run_that_is_checked_out_is_refused(left, ratchet: Ratchet) -> None:
    left.git("switch", "--quiet", "autoresearch/first")
    status, out, err = ratchet("clean", "first", "--yes")
    assert (status, out) == (1, "")
    assert err.startswith("TAG: the branch of run first is checked out. `git switch main`, then clean the run.")


def test_what_does_not_exist_is_refused(shell, ratchet: Ratchet) -> None:
    status, _, err = ratchet("clean", "nothing", "--yes")
    assert status == 1
    assert err.startswith("TAG: there is no run nothing.")


def test_a_run_that_a_process_works_on_is_refused(left, ratchet: Ratchet) -> None:
    code = (
        "import sys, pathlib; from ratchet.repo.run import open_worktree, Run\n"
        "run = Run(open_worktree(pathlib.Path.cwd()), 'first')\n"
        "with run.hold('a test'): print('held', flush=True); sys.stdin.read()\n"
    )
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, cwd=left.root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout
        child.stdout.readline()
        status, _, err = ratchet("clean", "first", "--yes")
        assert child.stdin
        child.stdin.close()
    assert status == 1
    assert "locked by process" in err
    assert "refs/heads/autoresearch/first" in refs(left)


@pytest.mark.slow
def test_parallel_loops_go_with_their_run(shell, ratchet: Ratchet) -> None:
    ratchet("start", "first")
    ratchet("race", "-k", "2", "-n", "2", "--agent", "echo value=$((5 + RATCHET_SEED)) > src/one.sh")
    shell.git("switch", "--quiet", "main")
    assert ratchet("clean", "first", "--yes", "--no-archive")[0] == 0
    assert [ref for ref in refs(shell) if "first" in ref] == []
    assert [path.name for path in (shell.root / ".ratchet").iterdir()] == [".gitignore"]
    assert not [path for path in Path(shell.root / ".git/ratchet").glob("first*")]


def test_the_table_of_another_run_stays(left, ratchet: Ratchet) -> None:
    ratchet("start", "second")
    ratchet("clean", "first", "--yes")
    assert len(left.results()) == 1
