"""What is not fit for a run is refused in one clear line that says what to do."""

from collections.abc import Callable
from pathlib import Path

import pytest

Ratchet = Callable[..., tuple[int, str, str]]


def refused(ratchet: Ratchet, *command: str) -> str:
    status, out, err = ratchet(*(command or ("start", "first")))
    assert status == 1
    assert out == ""
    assert len(err.splitlines()) == 1, err
    return err


def test_no_repository(ratchet: Ratchet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "bare").mkdir()
    monkeypatch.chdir(tmp_path / "bare")
    assert "this folder is not in a git repository. Run `git init" in refused(ratchet)


def test_no_commit(project, ratchet: Ratchet) -> None:
    project.git("update-ref", "-d", "HEAD")
    assert "HEAD: the repository has no commit" in refused(ratchet)


def test_a_detached_head(project, ratchet: Ratchet) -> None:
    project.git("checkout", "--quiet", "--detach")
    assert "HEAD: HEAD is detached. `git switch -c NAME`" in refused(ratchet)
    assert "HEAD: a detached HEAD is not a run branch" in refused(ratchet, "step")


def test_an_unmerged_index(project, ratchet: Ratchet) -> None:
    project.git("switch", "--quiet", "-c", "side")
    project.write("notes.txt", "theirs\n")
    project.commit("theirs")
    project.git("switch", "--quiet", "main")
    project.write("notes.txt", "ours\n")
    project.commit("ours")
    with pytest.raises(Exception, match="merge"):
        project.git("-c", "user.name=x", "-c", "user.email=x@y", "merge", "side")
    assert "index: the index has merge conflicts" in refused(ratchet)


def test_an_edited_frozen_file(project, ratchet: Ratchet) -> None:
    project.write("measure.py", "print('score: 9')\n")
    assert "measure.py: this file is frozen during a run and has been edited" in refused(ratchet)


def test_a_removed_frozen_file(project, ratchet: Ratchet) -> None:
    (project.root / "measure.py").unlink()
    assert "measure.py: this file is frozen during a run" in refused(ratchet)


def test_an_editable_file_that_is_a_link(project, ratchet: Ratchet) -> None:
    (project.root / "model.py").rename(project.root / "real.py")
    (project.root / "model.py").symlink_to("real.py")
    project.commit("link")
    assert "model.py: an editable file must not be a symbolic link" in refused(ratchet)


def test_an_editable_file_that_is_not_committed(project, ratchet: Ratchet) -> None:
    project.git("rm", "--quiet", "--cached", "model.py")
    project.git("-c", "user.name=x", "-c", "user.email=x@y", "commit", "--quiet", "-m", "gone")
    assert "model.py: this editable file is not in HEAD" in refused(ratchet)


@pytest.mark.parametrize(
    ("path", "fix"), [("mesure.py", "Did you mean measure.py?"), ("zz/", "Commit it, or remove it from readonly.")]
)
def test_a_frozen_file_that_is_not_there_protects_nothing(project, ratchet: Ratchet, path: str, fix: str) -> None:
    project.write("pyproject.toml", project.read("pyproject.toml").replace('"measure.py"', f'"{path}"'))
    project.commit("config")
    assert f"readonly: {path} matches no file of HEAD. {fix}" in refused(ratchet)


def test_no_config(project, ratchet: Ratchet) -> None:
    project.write("pyproject.toml", "[project]\nname = 'x'\n")
    assert "there is no config, neither [tool.ratchet] in pyproject.toml nor a ratchet.yaml" in refused(ratchet)


def test_a_step_outside_a_run(project, ratchet: Ratchet) -> None:
    assert "main is not a run branch (autoresearch/TAG). Run `uv run ratchet start TAG`" in refused(ratchet, "step")


def test_a_config_in_a_folder_below_the_top_works_from_there(project, ratchet: Ratchet, monkeypatch) -> None:
    inner = project.root / "deep/inner"
    for name in ("model.py", "measure.py", "pyproject.toml"):
        project.write(f"deep/inner/{name}", project.read(name))
    project.commit("deeper")
    monkeypatch.chdir(inner)
    assert ratchet("start", "first")[1].startswith("iter 0 | score=0.5000")
    project.write("deep/inner/model.py", 'HYPOTHESIS = "h"\nSCORE = 0.8\n')
    assert "KEPT" in ratchet("step")[1]
    assert project.git("diff", "--name-only", "main", "HEAD") == "deep/inner/model.py"
    assert (inner / "results.tsv").exists()


def test_a_run_in_a_linked_work_tree_keeps_its_state_with_the_main_one(project, ratchet, tmp_path, monkeypatch) -> None:
    project.git("worktree", "add", "--quiet", "-b", "side", str(tmp_path / "linked"))
    monkeypatch.chdir(tmp_path / "linked")
    assert ratchet("start", "first")[0] == 0
    assert (project.root / ".ratchet/first/journal.jsonl").exists()
    assert (tmp_path / "linked/results.tsv").exists()
    assert not (tmp_path / "linked/.ratchet").exists()


def test_the_state_folder_is_ignored_in_any_repo(project, ratchet: Ratchet) -> None:
    project.write(".gitignore", "")
    project.commit("ignore nothing")
    ratchet("start", "first")
    assert ".ratchet" not in project.git("status", "--short")
