"""What machines, file systems and agents do to a run, and what the run makes of it. Real git, real child processes."""

from __future__ import annotations

import errno
import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable

import pytest

from ratchet.repo import git
from ratchet.repo.run import current_run, open_worktree

Ratchet = Callable[..., tuple[int, str, str]]


@pytest.fixture
def repo(project) -> git.Repo:
    return git.open_repo(project.root)


def kinds(project, tag: str = "first") -> list[str]:
    return [str(event["event"]) for event in project.journal(tag)]


def test_an_experiment_whose_ref_cannot_be_written_gets_no_verdict(project, ratchet: Ratchet, monkeypatch) -> None:
    monkeypatch.setattr(git, "BUSY_TRIES", 1)
    ratchet("start", "first")
    project.use_agent(0.6, 0.7)
    lock = project.root / ".git/refs/ratchet/first/1.lock"
    lock.touch()
    status, out, err = ratchet("loop", "-n", "2")
    assert (status, out) == (1, "")
    assert f"{lock}': File exists. Another git process works in this repository; if none does, delete {lock}." in err
    assert kinds(project)[-1] == "begin"
    lock.unlink()
    status, out, _ = ratchet("loop", "-n", "1")
    assert [line[:6] for line in out.splitlines() if line.startswith("iter")] == ["iter 1", "iter 2"]
    for n in range(3):
        assert project.git("rev-parse", f"refs/ratchet/first/{n}")


def test_a_branch_in_the_way_of_the_branch_of_a_run_is_named(project, ratchet: Ratchet) -> None:
    project.git("branch", "autoresearch")
    status, _, err = ratchet("start", "first")
    assert status == 1
    assert "'refs/heads/autoresearch' exists" in err
    assert "Rename that branch: `git branch -m autoresearch NAME`." in err
    project.git("branch", "-m", "autoresearch", "other")
    assert ratchet("start", "first")[0] == 0


@pytest.mark.slow
def test_a_branch_in_the_way_of_the_result_is_named(project, ratchet: Ratchet) -> None:
    ratchet("start", "first")
    project.edit(0.6)
    ratchet("step")
    project.git("branch", "result")
    status, _, err = ratchet("finish")
    assert status == 1
    assert "Rename that branch: `git branch -m result NAME`." in err


@pytest.mark.slow
def test_an_index_that_stays_locked_stops_the_step_with_the_name_of_the_lock(project, ratchet, monkeypatch) -> None:
    monkeypatch.setattr(git, "BUSY_TRIES", 1)
    ratchet("start", "first")
    project.edit(0.6)
    (project.root / ".git/index.lock").touch()
    status, _, err = ratchet("step")
    assert status == 1
    assert "index.lock': File exists. Another git process works in this repository" in err
    (project.root / ".git/index.lock").unlink()
    project.edit(0.7)
    assert "iter 2 | score=0.7000" in ratchet("step")[1]
    assert project.git("status", "--short") == ""


def test_journals_survive_git_clean(project, ratchet: Ratchet) -> None:
    project.use_agent(0.6, 0.4)
    ratchet("start", "first")
    ratchet("loop", "-n", "2")
    before, log = project.journal("first"), project.read(".ratchet/first/agent/1.log")
    project.git("clean", "-fdxq")
    assert not (project.root / ".ratchet").exists()
    status, out, err = ratchet("status")
    assert (status, err.count("\n")) == (0, 1)
    assert "run first: .ratchet/first/journal.jsonl was deleted or cut off, and is restored from" in err
    assert "2 experiments, 1 kept" in out
    assert project.journal("first") == before
    assert project.read(".ratchet/first/agent/1.log") == log
    assert ".ratchet" not in project.git("status", "--short")
    assert ratchet("status")[2] == ""


@pytest.mark.parametrize("n_bytes", [0, 1, 900])
def test_a_journal_that_was_cut_off_is_restored(project, ratchet: Ratchet, n_bytes: int) -> None:
    ratchet("start", "first")
    path = project.root / ".ratchet/first/journal.jsonl"
    whole = path.read_bytes()
    path.write_bytes(whole[:n_bytes])
    assert "was deleted or cut off" in ratchet("status")[2]
    assert path.read_bytes() == whole


def test_a_journal_that_a_person_repaired_stays_as_it_is(project, ratchet: Ratchet) -> None:
    ratchet("start", "first")
    path, mirror = (project.root / folder / "first/journal.jsonl" for folder in (".ratchet", ".git/ratchet"))
    whole = path.read_text()
    path.write_text(whole + "damaged\n")
    assert "is not a valid event" in ratchet("status")[2]
    assert mirror.read_text() == whole
    path.write_text(whole)
    assert ratchet("status")[2] == ""
    path.write_text(whole.replace('"hypothesis": "baseline"', '"hypothesis": "start"'))
    ratchet("status")
    assert mirror.read_text() == path.read_text()
    assert mirror.with_name("journal.jsonl.1").read_text() == whole


def test_a_run_of_before_gets_a_mirror(project, ratchet: Ratchet) -> None:
    ratchet("start", "first")
    shutil.rmtree(project.root / ".git/ratchet")
    ratchet("status")
    assert (project.root / ".git/ratchet/first/journal.jsonl").read_bytes() == (
        project.root / ".ratchet/first/journal.jsonl"
    ).read_bytes()


def test_a_worktree_of_a_bare_repo_that_is_removed_takes_no_journal_along(project, ratchet, tmp_path, monkeypatch):
    project.git("clone", "--quiet", "--bare", ".", str(tmp_path / "bare.git"))
    project.git("-C", str(tmp_path / "bare.git"), "worktree", "add", "--quiet", "-b", "side", str(tmp_path / "one"))
    monkeypatch.chdir(tmp_path / "one")
    assert ratchet("start", "first")[0] == 0
    monkeypatch.chdir(tmp_path)
    subprocess.run(["git", "worktree", "remove", "--force", "../one"], cwd=tmp_path / "bare.git", check=True)
    subprocess.run(
        ["git", "worktree", "add", "-q", str(tmp_path / "two"), "autoresearch/first"],
        cwd=tmp_path / "bare.git",
        check=True,
    )
    monkeypatch.chdir(tmp_path / "two")
    status, out, err = ratchet("status")
    assert (status, err.count("\n")) == (0, 1)
    assert "run first on branch autoresearch/first: 0 experiments" in out


CLEANING_AGENT = """import os, pathlib, shutil, subprocess, sys
n = int(os.environ["RATCHET_N"])
pathlib.Path("model.py").write_text(f'HYPOTHESIS = "idea {n}"\\nSCORE = 0.5 + {n} / 100\\n')
if n in (1, 2):
    if sys.argv[1] == "rm":
        shutil.rmtree(".ratchet")
    else:
        subprocess.run(["git", "clean", "-fdxq"], check=True)
"""


@pytest.mark.parametrize("how", ["clean", pytest.param("rm", marks=pytest.mark.slow)])
def test_an_agent_that_deletes_all_ignored_files_does_no_harm(project, ratchet: Ratchet, tmp_path, how: str) -> None:
    (tmp_path / "agent.py").write_text(CLEANING_AGENT)
    status, out, err = ratchet(
        "loop", "-n", "3", "--agent", f'"{sys.executable}" "{tmp_path}/agent.py" {how} {{prompt}}'
    )
    assert status == 0, err
    assert [line.split(" | ")[0] for line in out.splitlines() if line.startswith("iter ")] == [
        *("iter 0", "iter 1", "iter 2", "iter 3")
    ]
    assert err.count("was deleted or cut off, and is restored from") == 2
    assert "Traceback" not in err
    [tag] = [path.parent.name for path in project.root.glob(".ratchet/*/journal.jsonl")]
    assert [event["n"] for event in project.journal(tag) if event["event"] == "verdict"] == [0, 1, 2, 3]
    assert len(project.results()) == 4


def test_two_commands_cannot_work_on_a_run_whose_folder_was_deleted_meanwhile(project, ratchet: Ratchet) -> None:
    ratchet("start", "first")
    run = current_run(open_worktree(project.root))
    assert run is not None
    with run.hold("a loop"):
        shutil.rmtree(project.root / ".ratchet")
        project.edit(0.6)
        status, _, err = ratchet("step")
        assert status == 1
        assert f"run first is locked by process {os.getpid()} (a loop, since" in err
        assert f"process {os.getpid()} is working on the run" in ratchet("status")[1]


def test_a_stop_is_obeyed_whatever_the_clock_says(project, ratchet: Ratchet) -> None:
    ratchet("start", "first")
    run = current_run(open_worktree(project.root))
    assert run is not None
    with run.hold("a loop"):
        lock = project.root / ".git/ratchet/first/lock"
        lock.write_text(lock.read_text().replace('"since": 1', '"since": 2'))  # the clock was set meanwhile
        assert f"process {os.getpid()} is working on the run" in ratchet("status")[1]
        assert json.loads(ratchet("status", "--json")[1])["working_process"] == os.getpid()
        status, _, err = ratchet("stop")
        assert (status, err) == (0, "run first: asked to stop after this experiment\n")
    assert json.loads(ratchet("status", "--json")[1])["working_process"] is None


@pytest.mark.skipif(sys.platform == "win32", reason="flock")
@pytest.mark.parametrize("name", ["ENOLCK", "ENOSYS", "EOPNOTSUPP"])
def test_a_file_system_without_locks_is_named_and_a_file_stands_for_the_lock(project, ratchet, monkeypatch, name):
    import fcntl

    def refuse(*_: object) -> None:
        raise OSError(getattr(errno, name), os.strerror(getattr(errno, name)))

    monkeypatch.setattr(fcntl, "flock", refuse)
    status, _, err = ratchet("start", "first")
    assert status == 0
    assert f"this file system has no locks ({os.strerror(getattr(errno, name))}). The file lock.held in it" in err
    held, run = project.root / ".git/ratchet/first/lock.held", current_run(open_worktree(project.root))
    assert not held.exists()
    assert run is not None
    assert "is working on the run" not in ratchet("status")[1]
    with run.hold("a loop"):
        text = held.read_text()
        status, _, err = ratchet("step")
        assert (status, err.count("\n")) == (1, 1)
        assert f"run first is locked by process {os.getpid()} (a loop, since" in err
        assert f"process {os.getpid()} is working on the run" in ratchet("status")[1]
        assert ratchet("stop")[0] == 0
    held.write_text(text.replace(f'"pid": {os.getpid()}', '"pid": 999999999'))
    assert "is working on the run" not in ratchet("status")[1]
    assert ratchet("step")[0] == 0, "its holder is dead"
    held.write_text(text.replace(platform.node(), "elsewhere"))
    status, _, err = ratchet("step")
    assert status == 1
    assert f"on elsewhere. Wait; if that process has ended, delete {held}." in err
    held.unlink()
    assert ratchet("step")[0] == 0


ADDING_AGENT = """import os, pathlib, subprocess
n = int(os.environ["RATCHET_N"])
pathlib.Path("model.py").write_text(f'HYPOTHESIS = "idea {n}"\\nSCORE = 0.5 + {n} / 100\\n')
pathlib.Path("cache").mkdir(exist_ok=True)
pathlib.Path("cache/data.bin").write_bytes(b"x" * 3_000_000)
subprocess.run("git add --all; git -c user.name=a -c user.email=a@b commit -qm all", shell=True, check=True)
"""


def test_what_an_agent_committed_beside_its_edit_is_named_and_not_squashed(project, ratchet: Ratchet, tmp_path) -> None:
    (tmp_path / "agent.py").write_text(ADDING_AGENT)
    ratchet("start", "first")
    assert ratchet("loop", "-n", "1", "--agent", f'"{sys.executable}" "{tmp_path}/agent.py" {{prompt}}')[0] == 0
    named = "1 file is on the branch and in no experiment: cache/data.bin (3.0 MB)"
    status, out, err = ratchet("finish", "--squash")
    assert status == 0, err
    assert f"- look: {named}; `uv run ratchet finish --squash` leaves them out" in out
    assert project.git("diff", "--name-only", "main", "result/first") == "model.py"
    _, out, err = ratchet("finish")
    assert f"result/first: {named}" in err


def test_check_tries_what_a_run_writes_and_leaves_nothing(project, ratchet: Ratchet) -> None:
    before = project.git("for-each-ref"), sorted((project.root / ".git").rglob("*lock*"))
    status, out, _ = ratchet("check")
    assert "ok   repo: " in out
    assert (project.git("for-each-ref"), sorted((project.root / ".git").rglob("*lock*"))) == before
    assert not (project.root / ".ratchet").exists()
    assert not (project.root / ".git/ratchet").exists()
    project.git("branch", "autoresearch")
    status, out, _ = ratchet("check")
    assert status == 1
    assert "bad  repo: git update-ref: fatal: " in out
    assert "Rename that branch: `git branch -m autoresearch NAME`." in out
    assert "check+" not in project.git("for-each-ref")
    project.git("branch", "-D", "autoresearch")
    project.write(".ratchet", "a file\n")
    assert "bad  repo: " in ratchet("check")[1]


def first_idea(project, ratchet: Ratchet) -> str:
    """Start a run and let an agent try one idea; return the line of the first experiment."""
    project.use_agent(0.6)
    status, out, err = ratchet("loop", "-n", "1")
    assert status == 0, err
    [line] = [line for line in out.splitlines() if line.startswith("iter 1")]
    return line


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no executable bit")
@pytest.mark.parametrize("is_trusted", ["true", "false"])
def test_an_executable_file_is_no_edit_and_stays_as_it_is(project, ratchet: Ratchet, is_trusted: str) -> None:
    project.git("config", "core.fileMode", is_trusted)
    for name in ("model.py", "measure.py"):
        (project.root / name).chmod(0o775)
    assert first_idea(project, ratchet).endswith("KEPT — idea 1")
    assert project.read("model.py").endswith("SCORE = 0.6\n")
    mode = (project.root / "model.py").stat().st_mode & 0o777
    assert mode == 0o775
    assert project.git("ls-tree", "HEAD", "model.py")[:6] == ("100755" if is_trusted == "true" else "100644")
    assert ratchet("status")[1].endswith("next: edit model.py, then `uv run ratchet step`; or `uv run ratchet loop`\n")
    project.edit(0.1)
    ratchet("step")
    assert (project.root / "model.py").stat().st_mode & 0o777 == mode
    assert project.git("diff", "--name-only", "HEAD", "--", "model.py") == ""
    (project.root / "notes.txt").chmod(0o775)
    assert ratchet("finish", "--leave")[0] == 0


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no rights of this kind")
def test_the_rights_of_a_file_survive_its_restoration(project, ratchet: Ratchet) -> None:
    (project.root / "model.py").chmod(0o600)
    ratchet("start", "first")
    project.edit(0.1)
    ratchet("step")
    assert project.read("model.py").endswith("SCORE = 0.5\n")
    assert (project.root / "model.py").stat().st_mode & 0o777 == 0o600


ATTRIBUTES = {
    "autocrlf=input": ("", "input"),
    "autocrlf=true": ("", "true"),
    "text": ("*.py text\n", "false"),
    "eol=crlf": ("*.py text eol=crlf\n", "false"),
    "eol=lf": ("*.py text eol=lf\n", "input"),
    "text=auto": ("* text=auto\n", "true"),
}


@pytest.mark.parametrize("ends", [b"\r\n", b"\n"])
@pytest.mark.parametrize("name", ATTRIBUTES)
def test_line_ends_that_git_leaves_alone_or_converts_are_no_edit(project, repo, name: str, ends: bytes) -> None:
    attributes, autocrlf = ATTRIBUTES[name]
    for file in ("model.py", "measure.py"):
        (project.root / file).write_bytes(project.read(file).encode().replace(b"\n", ends))
    project.git("-c", "core.autocrlf=false", "add", "--all")
    project.write("notes.txt", "of this machine\n")
    project.commit("as it is on this machine")
    project.git("config", "core.autocrlf", autocrlf)
    project.write(".gitattributes", attributes)
    project.git("rm", "--quiet", "--cached", "model.py", "measure.py")
    project.git("reset", "--quiet", "--hard")
    project.write(".gitattributes", attributes)
    files = git.files_of(repo, "HEAD", ["model.py"])
    for path in (project.root / "model.py", project.root / "measure.py"):
        path.touch()
    assert git.differing(git.store_worktree_files(repo, ["model.py"]), files) == []
    assert git.edited(repo, "HEAD", ["measure.py", "model.py"]) == []
    before = (project.root / "model.py").read_bytes()
    (project.root / "model.py").write_bytes(before.replace(b"0.5", b"0.6"))
    stored = git.store_worktree_files(repo, ["model.py"])
    assert git.edited(repo, "HEAD", ["model.py"]) == ["model.py"]
    commit = git.make_commit(repo, "HEAD", stored, "edit")
    git.put_back(repo, "HEAD", ["model.py"])
    assert (project.root / "model.py").read_bytes() == before
    git.put_back(repo, commit, ["model.py"])
    if "text" not in attributes or ends == b"\n" or name == "text=auto":  # else git writes other ends for each line
        assert git.count_lines(repo, "HEAD", commit, ["model.py"]) == (1, 1)
    assert git.differing(git.store_worktree_files(repo, ["model.py"], commit), stored) == []


def test_an_agent_is_called_where_committed_line_ends_are_those_of_windows(project, ratchet: Ratchet) -> None:
    (project.root / "model.py").write_bytes(project.read("model.py").encode().replace(b"\n", b"\r\n"))
    project.commit("written on Windows")
    project.git("config", "core.autocrlf", "input")
    (project.root / "model.py").touch()
    assert first_idea(project, ratchet).endswith("KEPT — idea 1")


FILTERS = {
    "ident": ("*.py ident\n", {}),
    "clean and smudge": ("*.py filter=rot\n", {"clean": "tr a-z n-za-m", "smudge": "tr n-za-m a-z"}),
    "no way back": ("*.py filter=add\n", {"clean": "cat", "smudge": "sed '1i # smudged'"}),
}


@pytest.mark.parametrize("name", FILTERS)
def test_filters_make_no_edit_and_what_is_measured_has_passed_them(project, ratchet: Ratchet, name: str) -> None:
    attributes, commands = FILTERS[name]
    for key, command in commands.items():
        project.git("config", f"filter.{attributes.split('=')[-1].strip()}.{key}", command)
    project.write(".gitattributes", attributes)
    project.write("model.py", '# $Id$\nHYPOTHESIS = "baseline"\nSCORE = 0.5\n')
    project.commit("filtered")
    (project.root / "model.py").unlink()
    project.git("checkout", "--", "model.py")
    (project.root / "model.py").touch()
    project.git("config", "core.checkStat", "minimal")
    assert first_idea(project, ratchet).endswith("KEPT — idea 1")
    project.edit(0.3)
    assert "DISCARDED" in ratchet("step")[1]
    assert "SCORE = 0.6" in project.read("model.py")


def test_a_filter_whose_program_is_missing_is_named_and_the_edit_stays(project, ratchet: Ratchet) -> None:
    ratchet("start", "first")
    project.write(".git/info/attributes", "model.py filter=lfs\n")
    project.git("config", "filter.lfs.clean", "git-lfs-that-is-missing clean")
    project.git("config", "filter.lfs.required", "true")
    project.edit(0.6)
    status, _, err = ratchet("step")
    assert (status, err.count("\n")) == (1, 1)
    assert "clean filter 'lfs' failed. Install git-lfs, then `git lfs install`." in err
    assert "SCORE = 0.6" in project.read("model.py")


def test_line_ends_that_git_refuses_to_convert_are_named_and_the_edit_stays(project, ratchet: Ratchet) -> None:
    ratchet("start", "first")
    project.git("config", "core.autocrlf", "input")
    project.git("config", "core.safecrlf", "true")
    (project.root / "model.py").write_bytes(b"SCORE = 0.6\r\n")
    status, _, err = ratchet("step")
    assert (status, err.count("\n")) == (1, 1)
    assert "CRLF would be replaced by LF in model.py. Convert the line ends of model.py, or run `git config" in err
    assert (project.root / "model.py").read_bytes() == b"SCORE = 0.6\r\n"


def test_an_agent_that_changes_nothing_is_shown_what_is_compared(project, ratchet: Ratchet) -> None:
    status, out, _ = ratchet("loop", "--agent", "true {prompt}")
    head = project.git("rev-parse", "HEAD")[:7]
    assert status == 0
    assert (
        f"stopped: the agent changed nothing 5 times in a row: model.py had the code of iter 0 ({head}), the best; "
        "HYPOTHESIS, comments, blank lines, line ends and file modes do not count"
    ) in out


def test_a_folder_in_the_place_of_an_editable_file_is_one_line(project, ratchet: Ratchet) -> None:
    status, _, err = ratchet("loop", "--agent", "rm model.py && mkdir model.py && touch model.py/x {prompt}")
    assert status == 1
    assert "Traceback" not in err
    assert "model.py: a folder stands where this file belongs. Move the folder away." in err


def test_a_disk_that_cannot_sync_is_no_full_disk(project, ratchet: Ratchet, monkeypatch) -> None:
    def refuse(_: int) -> None:
        raise OSError(errno.EINVAL, "Invalid argument")

    monkeypatch.setattr(os, "fsync", refuse)
    assert ratchet("start", "first")[0] == 0


@pytest.mark.parametrize(
    ("number", "fix"),
    [(errno.ENOSPC, "Free some disk space."), (errno.EROFS, "Make the file and its folder writable.")],
)
def test_a_journal_that_cannot_be_written_is_one_line_with_the_cause(
    project, ratchet, monkeypatch, number, fix
) -> None:
    ratchet("start", "first")

    def refuse(_: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", refuse)
    project.edit(0.6)
    status, _, err = ratchet("step")
    assert (status, err.count("\n")) == (1, 1)
    assert f"cannot append a line ({os.strerror(number)}). {fix}" in err


def test_agents_and_commands_are_not_led_to_the_repo_of_a_hook(project, ratchet: Ratchet, monkeypatch) -> None:
    monkeypatch.setenv("GIT_DIR", ".git")
    monkeypatch.setenv("GIT_INDEX_FILE", str(project.root / ".git/index.of.a.commit"))
    monkeypatch.setenv("GIT_LITERAL_PATHSPECS", "1")
    status, _, err = ratchet("loop", "-n", "1", "--agent", "env > env.txt; git add --all; echo {prompt}")
    assert status == 0, err
    given = [line for line in project.read("env.txt").splitlines() if line.startswith("GIT_")]
    assert not [line for line in given if git.OF_ONE_REPO.fullmatch(line.split("=")[0])]
    assert not (project.root / ".git/index.of.a.commit").exists()


def test_a_loop_ends_in_one_line_when_its_python_environment_is_deleted(
    ratchet: Ratchet, monkeypatch, tmp_path
) -> None:
    def import_more(*_: object) -> None:
        raise ModuleNotFoundError("No module named 'rich'", name="rich")

    monkeypatch.setattr("ratchet.commands.look.open_worktree", import_more)
    assert ratchet("status")[0] == 3
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "deleted"))
    status, _, err = ratchet("status")
    assert (status, err.count("\n")) == (1, 1)
    assert "was deleted while ratchet ran, and rich is missing. Run `uv sync`" in err


def test_the_archive_of_a_removed_run_survives_too(project, ratchet: Ratchet) -> None:
    ratchet("start", "first")
    project.write(".ratchet/old.tar.gz", "an archive")
    ratchet("status")
    project.git("clean", "-fdxq")
    ratchet("status")
    assert project.read(".ratchet/old.tar.gz") == "an archive"
    (project.root / ".ratchet/old.tar.gz").unlink()
    ratchet("status")
    assert not (project.root / ".ratchet/old.tar.gz").exists(), "a person deleted it"
