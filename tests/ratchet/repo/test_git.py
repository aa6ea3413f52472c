"""Git by plumbing: nothing beyond the paths given, and a branch moves only from where it was expected."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from ratchet.errors import RatchetError
from ratchet.repo import git


@pytest.fixture
def repo(project) -> git.Repo:
    return git.open_repo(project.root)


def test_no_repo_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(RatchetError, match=r"this folder is not in a git repository\. Run `git init"):
        git.open_repo(tmp_path)


def test_a_linked_work_tree_knows_the_main_one(project, repo: git.Repo, tmp_path: Path) -> None:
    git.add_worktree(repo, tmp_path / "linked", "side", "HEAD")
    linked = git.open_repo(tmp_path / "linked")
    assert linked.root == tmp_path / "linked"
    assert linked.main_root.resolve() == project.root.resolve()
    git.remove_worktree(repo, tmp_path / "linked")
    assert not (tmp_path / "linked").exists()


def test_a_branch_of_another_worktree_names_its_folder(project, repo: git.Repo, tmp_path: Path) -> None:
    project.git("worktree", "add", "-b", "second", str(tmp_path / "second"))
    with pytest.raises(RatchetError, match=r"^second: the worktree .*second holds this branch\. Work there"):
        git.switch(repo, "refs/heads/second")
    with pytest.raises(git.GitError, match="no-such"):
        git.switch(repo, "refs/heads/no-such")


def test_a_commit_is_made_without_touching_index_or_worktree(project, repo: git.Repo) -> None:
    project.edit(0.7)
    project.write("notes.txt", "edited\n")
    before = project.git("status", "--porcelain=v2"), project.git("rev-parse", "HEAD")
    commit = git.make_commit(repo, "HEAD", git.store_worktree_files(repo, ["model.py"]), "try")
    assert (project.git("status", "--porcelain=v2"), project.git("rev-parse", "HEAD")) == before
    assert project.git("diff", "--name-only", "HEAD", commit) == "model.py"
    assert project.git("log", "-1", "--format=%an <%ae>", commit) == "ratchet <ratchet@localhost>"


def test_the_name_of_the_user_is_used_where_there_is_one(project, repo: git.Repo) -> None:
    project.git("config", "user.name", "Ada")
    project.git("config", "user.email", "ada@example.org")
    commit = git.make_commit(repo, "HEAD", {}, "try")
    assert project.git("log", "-1", "--format=%an <%ae>", commit) == "Ada <ada@example.org>"


def test_a_removed_file_is_removed_in_the_commit(project, repo: git.Repo) -> None:
    (project.root / "model.py").unlink()
    commit = git.make_commit(repo, "HEAD", git.store_worktree_files(repo, ["model.py"]), "try")
    assert git.read_file(repo, commit, "model.py") is None
    git.put_back(repo, "HEAD", ["model.py"])
    assert "SCORE" in project.read("model.py")
    git.put_back(repo, commit, ["model.py"])
    assert not (project.root / "model.py").exists()


@pytest.mark.parametrize("name", ["with space.py", "ümlaut.py", "[a]*.py", "-dash.py", "a\tb.py", 'quo"te.py'])
def test_any_name_of_a_file_goes_through(project, repo: git.Repo, name: str) -> None:
    project.write(name, "x = 1\n")
    files = git.store_worktree_files(repo, [name])
    commit = git.make_commit(repo, "HEAD", files, "try")
    assert git.files_of(repo, commit, [name]) == files
    assert git.read_file(repo, commit, name) == b"x = 1\n"
    git.settle_index(repo, commit, [name])
    project.write(name, "x = 2\n")
    git.put_back(repo, commit, [name])
    assert project.read(name) == "x = 1\n"
    assert git.count_lines(repo, "HEAD", commit, [name]) == (1, 0)


def test_a_ref_moves_only_from_where_it_was_expected(project, repo: git.Repo) -> None:
    start = project.git("rev-parse", "HEAD")
    one, two = (git.make_commit(repo, "HEAD", {}, text) for text in ("one", "two"))
    assert git.move_ref(repo, "refs/x", one, git.NOTHING, "make")
    assert not git.move_ref(repo, "refs/x", two, git.NOTHING, "make again")
    assert not git.move_ref(repo, "refs/x", two, start, "from elsewhere")
    assert git.resolve(repo, "refs/x") == one
    assert git.move_ref(repo, "refs/x", two, one, "on")
    assert git.move_ref(repo, "refs/x", two, one, "again is no harm")
    git.delete_ref(repo, "refs/x")
    assert git.resolve(repo, "refs/x") is None


def test_a_ref_that_git_cannot_write_is_no_moved_ref(project, repo: git.Repo, monkeypatch) -> None:
    one, two = (git.make_commit(repo, "HEAD", {}, text) for text in ("one", "two"))
    git.set_ref(repo, "refs/heads/top", one, "make")
    with pytest.raises(git.GitError, match=r"'refs/heads/top' exists; .* Rename that branch: `git branch -m top NAME`"):
        git.move_ref(repo, "refs/heads/top/below", two, git.NOTHING, "make")
    monkeypatch.setattr(git, "BUSY_TRIES", 2)
    lock = project.root / ".git/refs/heads/top.lock"
    lock.touch()
    with pytest.raises(git.GitError, match=rf"top\.lock': File exists.* if none does, delete {re.escape(str(lock))}"):
        git.move_ref(repo, "refs/heads/top", two, one, "on")
    with pytest.raises(git.GitError, match="File exists"):
        git.set_ref(repo, "refs/heads/top", two, "on")
    lock.unlink()
    (project.root / ".git/refs/heads/top").write_text("")
    with pytest.raises(git.GitError, match="reference broken"):
        git.move_ref(repo, "refs/heads/top", two, one, "on")


def test_a_hook_that_refuses_a_ref_is_named(project, repo: git.Repo) -> None:
    project.write(".git/hooks/reference-transaction", "#!/bin/sh\nexit 1\n")
    (project.root / ".git/hooks/reference-transaction").chmod(0o755)
    with pytest.raises(git.GitError, match=r"aborted by hook\. The hook reference-transaction"):
        git.move_ref(repo, "refs/x", git.resolve(repo, "HEAD") or "", git.NOTHING, "make")


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() != 0, reason="only root gives files away")
def test_a_repo_of_somebody_else_is_refused_with_gits_own_remedy(project, repo: git.Repo) -> None:
    for path in (project.root, project.root / ".git"):
        os.chown(path, 12345, 12345)
    safe = re.escape(f"`git config --global --add safe.directory {project.root}`")
    for call in (lambda: git.open_repo(project.root), lambda: git.head_branch(repo), lambda: git.resolve(repo, "HEAD")):
        with pytest.raises(git.GitError, match=f"dubious ownership.*{safe}"):
            call()


def test_an_executable_stays_executable(project, repo: git.Repo) -> None:
    project.write("tool.sh", "#!/bin/sh\n")
    (project.root / "tool.sh").chmod(0o755)
    commit = git.make_commit(repo, "HEAD", git.store_worktree_files(repo, ["tool.sh"]), "tool")
    project.write("tool.sh", "other")
    git.put_back(repo, commit, ["tool.sh"])
    assert os.access(project.root / "tool.sh", os.X_OK)


def test_an_export_holds_the_commit_and_nothing_of_the_worktree(project, repo: git.Repo, tmp_path: Path) -> None:
    project.write("untracked.py", "")
    project.edit(0.9)
    (tmp_path / "out").mkdir()
    git.export(repo, "HEAD", tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        *(".gitignore", "measure.py", "model.py", "notes.txt", "pyproject.toml")
    ]
    assert "0.5" in (tmp_path / "out/model.py").read_text()


VARIABLES = {
    "GIT_DIR": "/nowhere",
    "GIT_WORK_TREE": "/nowhere",
    "GIT_INDEX_FILE": "/nowhere/index",
    "GIT_OBJECT_DIRECTORY": "/nowhere",
    "GIT_COMMON_DIR": "/nowhere",
    "GIT_NAMESPACE": "other",
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_GLOB_PATHSPECS": "1",
    "GIT_NOGLOB_PATHSPECS": "1",
    "GIT_ICASE_PATHSPECS": "1",
    "GIT_EXTERNAL_DIFF": "true",
    "GIT_DIFF_OPTS": "--unified=0",
    "GIT_CONFIG_PARAMETERS": "not a list",
    "GIT_AUTHOR_DATE": "no date",
    "GIT_DEFAULT_HASH": "none",
    "GIT_SHALLOW_FILE": "/nowhere",
    "GIT_TRACE": "1",
}


def test_no_variable_of_git_changes_what_a_call_means(project, repo: git.Repo, monkeypatch) -> None:
    project.write("measure.py", "edited\n")
    whole = git.diff(repo, "HEAD~0", git.make_commit(repo, "HEAD", {"notes.txt": None}, "gone"), ["notes.txt"])
    for name, text in VARIABLES.items():
        with monkeypatch.context() as patch:
            patch.setenv(name, text)
            assert git.edited(repo, "HEAD", ["meas*.py"]) == ["measure.py"], name
            assert git.edited(repo, "HEAD", ["MEAS*.py"]) == [], name
            commit = git.make_commit(repo, "HEAD", {"notes.txt": None}, "gone")
            assert git.diff(repo, "HEAD", commit, ["notes.txt"]) == whole, name


def test_the_configuration_that_a_container_gives_by_variables_counts(project, repo: git.Repo, monkeypatch) -> None:
    for name, text in {"COUNT": "1", "KEY_0": "user.name", "VALUE_0": "Ada"}.items():
        monkeypatch.setenv(f"GIT_CONFIG_{name}", text)
    commit = git.make_commit(git.open_repo(project.root), "HEAD", {}, "try")
    assert project.git("log", "-1", "--format=%an <%ae>", commit) == "Ada <ratchet@localhost>"


@pytest.mark.parametrize("name", ["", "  ", ".,;"])
def test_an_empty_name_of_the_author_is_no_name(project, repo: git.Repo, monkeypatch, name: str) -> None:
    project.git("config", "user.name", name)
    project.git("config", "user.email", name)
    for variable in ("GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL"):
        monkeypatch.setenv(variable, name)
    commit = git.make_commit(repo, "HEAD", {}, "try")
    assert project.git("log", "-1", "--format=%an <%ae> %cn <%ce>", commit) == " ".join(
        ["ratchet <ratchet@localhost>"] * 2
    )


def test_author_and_committer_are_those_of_the_environment_or_of_their_own_keys(project, repo, monkeypatch) -> None:
    project.git("config", "user.name", "Ada")
    project.git("config", "committer.name", "Bob")
    monkeypatch.setenv("GIT_AUTHOR_EMAIL", "a@b.org")
    monkeypatch.setenv("EMAIL", "e@b.org")
    commit = git.make_commit(repo, "HEAD", {}, "try")
    assert project.git("log", "-1", "--format=%an <%ae> %cn <%ce>", commit) == "Ada <a@b.org> Bob <e@b.org>"


def test_a_message_is_the_same_whatever_encoding_is_configured(project, repo: git.Repo) -> None:
    project.git("config", "i18n.commitEncoding", "ISO-8859-1")
    project.git("config", "i18n.logOutputEncoding", "ISO-8859-1")
    commit = git.make_commit(repo, "HEAD", {}, "größer — Δ\n")
    assert git.date_and_message(repo, commit)[1] == "größer — Δ\n"


def test_a_busy_index_is_waited_for(project, repo: git.Repo) -> None:
    lock = project.root / ".git/index.lock"
    lock.touch()
    waker = subprocess.Popen(["sh", "-c", f"sleep 0.3; rm '{lock}'"])
    git.settle_index(repo, "HEAD", ["model.py"])
    waker.wait()


def test_line_ends_that_git_converts_make_no_difference(project, repo: git.Repo) -> None:
    project.git("config", "core.autocrlf", "true")
    (project.root / "model.py").write_bytes(b"SCORE = 1\r\n")
    commit = git.make_commit(repo, "HEAD", git.store_worktree_files(repo, ["model.py"]), "crlf")
    assert project.git("cat-file", "blob", f"{commit}:model.py") == "SCORE = 1"
    git.put_back(repo, commit, ["model.py"])
    assert (project.root / "model.py").read_bytes() == b"SCORE = 1\r\n"
    assert git.store_worktree_files(repo, ["model.py"]) == git.files_of(repo, commit, ["model.py"])


@pytest.mark.parametrize("name", ["plain", 'a:b "c"'])
def test_a_question_about_edits_writes_nothing_to_the_repo(project, tmp_path: Path, name: str) -> None:
    root = tmp_path / name
    shutil.copytree(project.root, root)
    (root / "model.py").write_bytes(b"SCORE = 0.7\r\n")
    (root / "measure.py").write_text("edited\n")
    before = sorted((root / ".git").rglob("*"))
    repo = git.open_repo(root)
    assert git.edited_files(repo, "HEAD", ["model.py", "notes.txt"]) == ["model.py"]
    assert git.edited(repo, "HEAD", ["*.py"]) == ["measure.py", "model.py"]
    assert sorted((root / ".git").rglob("*")) == before
