"""Editable folders and globs: what an experiment is, and what stays out of it."""

from collections.abc import Callable

import pytest

Ratchet = Callable[..., tuple[int, str, str]]


def editing(shell, *entries: str, readonly: tuple[str, ...] = ("bench.sh", "src/frozen.sh")) -> None:
    text = shell.read("ratchet.yaml").split("run:")[1]
    shell.write("ratchet.yaml", f"name: shell\neditable: {list(entries)!r}\nreadonly: {list(readonly)!r}\nrun:{text}")
    shell.commit("configure")


def status(shell) -> str:
    return shell.git("status", "--short", "--", "src", "lib")


@pytest.mark.parametrize("entry", ["src/", "src", "src/*.sh", "**/*.sh", "s?c/**", "./"])
def test_check_start_and_step_know_folders_and_globs(shell, ratchet: Ratchet, entry: str) -> None:
    editing(shell, entry)
    assert [line[:9] for line in ratchet("check")[1].splitlines() if line.startswith("bad")] == ["bad  agen"]
    assert ratchet("start", "first")[1].startswith("iter 0 | steps=51.00 | BASELINE")
    shell.write("src/one.sh", "value=10\n")
    assert "steps=31.00 (Δ -20.00) | KEPT" in ratchet("step")[1]
    assert status(shell) == ""


def test_a_new_file_and_a_deleted_file_are_part_of_the_experiment(shell, ratchet: Ratchet) -> None:
    ratchet("start", "first")
    shell.write("src/deep/er/note.txt", "new\n")
    (shell.root / "src/two.sh").unlink()
    assert "KEPT" in ratchet("step")[1]
    assert shell.git("ls-tree", "-r", "--name-only", "HEAD", "src/").splitlines() == [
        *("src/deep/er/note.txt", "src/frozen.sh", "src/one.sh")
    ]
    assert status(shell) == ""
    patch = ratchet("diff")[1]
    assert "+new" in patch
    assert "-value=20" in patch


def test_a_dropped_experiment_leaves_no_file_behind_and_none_missing(shell, ratchet: Ratchet) -> None:
    ratchet("start", "first")
    shell.write("src/deep/three.sh", "value=1\n")
    shell.write("src/four.sh", "value=100\n")
    (shell.root / "src/two.sh").unlink()
    assert "DISCARDED" in ratchet("step")[1]
    assert sorted(path.name for path in (shell.root / "src").iterdir()) == ["frozen.sh", "one.sh", "two.sh"]
    assert "+value=100" in ratchet("show", "1")[1]


def test_an_unmeasured_new_file_is_an_edit(shell, ratchet: Ratchet) -> None:
    ratchet("start", "first")
    shell.write("src/zero.sh", "value=-5\n")
    assert "measures the edit of src/zero.sh" in ratchet("status")[1]


def test_a_frozen_file_in_an_editable_folder_stays_frozen(shell, ratchet: Ratchet) -> None:
    ratchet("start", "first")
    shell.write("src/frozen.sh", "value=-99\n")
    code, out, err = ratchet("step")
    assert (code, out) == (1, "")
    assert err.startswith("src/frozen.sh: this file is frozen during a run and has been edited.")


def test_a_frozen_file_that_an_agent_edits_is_rejected_and_put_back(shell, ratchet: Ratchet) -> None:
    ratchet("start", "first")
    shell.write("agent.sh", "echo value=-99 > src/frozen.sh; echo value=1 > src/new.sh\n")
    assert "REJECTED (edited src/frozen.sh, which is frozen)" in ratchet("loop", "-n", "1", "--agent", "sh agent.sh")[1]
    assert shell.read("src/frozen.sh") == "value=1\n"
    assert status(shell) == ""


def test_a_new_file_in_a_frozen_folder_is_not_taken(shell, ratchet: Ratchet) -> None:
    shell.write("src/given/data.txt", "3\n")
    editing(shell, "src/", readonly=("bench.sh", "src/given"))
    ratchet("start", "first")
    shell.write("src/given/more.txt", "4\n")
    shell.write("src/one.sh", "value=1\n")
    ratchet("step")
    assert "more.txt" not in shell.git("ls-tree", "-r", "--name-only", "HEAD")
    assert shell.read("src/given/more.txt") == "4\n"


def test_ignored_files_and_caches_are_not_taken(shell, ratchet: Ratchet) -> None:
    ratchet("start", "first")
    shell.write("src/work.tmp", "ignored by the project\n")
    shell.write("src/__pycache__/x.pyc", "a cache that the project does not ignore\n")
    shell.write("src/one.sh", "value=1\n")
    ratchet("step")
    assert "work.tmp" not in shell.git("ls-tree", "-r", "--name-only", "HEAD")
    assert "pycache" not in shell.git("ls-tree", "-r", "--name-only", "HEAD")
    assert (shell.root / "src/work.tmp").exists()


def test_a_link_in_the_folder_is_refused_and_nothing_is_written_through_it(shell, ratchet: Ratchet, tmp_path) -> None:
    shell.write("src/deep/x.sh", "value=0\n")
    shell.commit("deep")
    ratchet("start", "first")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/x.sh").write_text("mine\n")
    (shell.root / "src/deep/x.sh").unlink()
    (shell.root / "src/deep").rmdir()
    (shell.root / "src/deep").symlink_to(tmp_path / "outside")
    assert "REJECTED (src/deep/x.sh: an editable file must not be a symbolic link" in ratchet("step")[1]
    assert (tmp_path / "outside/x.sh").read_text() == "mine\n"
    assert not (shell.root / "src/deep").is_symlink()
    assert shell.read("src/deep/x.sh") == "value=0\n"


def test_a_file_may_take_the_place_of_a_folder(shell, ratchet: Ratchet) -> None:
    shell.write("src/deep/x.sh", "value=0\n")
    shell.commit("deep")
    ratchet("start", "first")
    (shell.root / "src/deep/x.sh").unlink()
    (shell.root / "src/deep").rmdir()
    shell.write("src/deep", "a file now\n")
    shell.write("src/one.sh", "value=90\n")
    assert "DISCARDED" in ratchet("step")[1]
    assert shell.read("src/deep/x.sh") == "value=0\n"
    assert status(shell) == ""


def test_the_mode_of_a_file_is_part_of_it(shell, ratchet: Ratchet) -> None:
    ratchet("start", "first")
    (shell.root / "src/one.sh").chmod(0o755)
    assert "DISCARDED" in ratchet("step")[1]
    assert "measures the edit" not in ratchet("status")[1]


def test_a_folder_whose_files_are_all_deleted_is_still_a_folder(shell, ratchet: Ratchet) -> None:
    editing(shell, "src", readonly=("bench.sh",))
    ratchet("start", "first")
    for path in (shell.root / "src").iterdir():
        path.unlink()
    (shell.root / "src").rmdir()
    ratchet("step")
    assert shell.read("src/one.sh") == "value=30\n"


def test_the_agent_is_shown_the_files_of_the_folder(shell, ratchet: Ratchet) -> None:
    ratchet("start", "first")
    ratchet("loop", "-n", "1", "--agent", "cat {prompt} > seen.txt; echo $RATCHET_FILE {files} {rules} >> seen.txt")
    seen = shell.read("seen.txt")
    assert "## src/two.sh as it is now (the best so far)\n\n```\nvalue=20" in seen
    assert "frozen.sh as it is" not in seen
    assert seen.splitlines()[-1] == "src/one.sh src/one.sh src/two.sh Edit(/src/**)"


def test_a_race_brings_new_files_to_the_branch_of_the_run(shell, ratchet: Ratchet) -> None:
    ratchet("start", "first")
    status_, _, err = ratchet("race", "-k", "2", "-n", "2", "--agent", "echo value=-$RATCHET_SEED > src/new.sh")
    assert status_ == 0, err
    assert "value=-1" in shell.read("src/new.sh")
    assert status(shell) == ""


@pytest.mark.parametrize(
    ("entry", "says"),
    [("lib/", "lib/: this editable entry matches no file of HEAD."), ("src/frozen.sh", "readonly or setup freezes it")],
)
def test_an_entry_that_covers_nothing_is_refused_by_check_and_start(shell, ratchet: Ratchet, entry, says) -> None:
    editing(shell, entry, "src/one.sh", readonly=("bench.sh", "src/fr*"))
    assert says in ratchet("check")[1]
    assert says in ratchet("start", "first")[2]


def test_a_folder_under_link_is_in_the_checkout_beside_its_committed_files(shell, ratchet: Ratchet) -> None:
    shell.write("cache/readme.txt", "committed\n")
    shell.commit("readme")
    shell.write(".gitignore", shell.read(".gitignore") + "cache/number.txt\n")
    shell.write("cache/number.txt", "steps: 4\n")
    shell.write("ratchet.yaml", shell.read("ratchet.yaml").replace("run: sh bench.sh", "run: cat cache/*.txt"))
    shell.write("ratchet.yaml", shell.read("ratchet.yaml") + "link: cache/\n")
    shell.commit("configure")
    assert "steps=4.0000" in ratchet("start", "first")[1]
    assert shell.read("cache/number.txt") == "steps: 4\n"


def test_an_ignored_file_in_a_command_is_to_be_linked(shell, ratchet: Ratchet) -> None:
    shell.write(".gitignore", shell.read(".gitignore") + "build/\n")
    shell.write("build/bench.sh", "echo steps: 4\n")
    shell.write("ratchet.yaml", shell.read("ratchet.yaml").replace("sh bench.sh", "sh build/bench.sh"))
    shell.commit("configure")
    assert "git ignores it: add 'build' to the key link of the config." in ratchet("check")[1]


def test_an_edit_without_a_hypothesis_is_named_by_its_files(shell, ratchet: Ratchet) -> None:
    ratchet("start", "first")
    shell.write("src/one.sh", "value=10\n")
    assert ratchet("step")[1].endswith("| KEPT — src/one.sh: +1 -1 lines\n")
