"""Nothing of the user's is overwritten, and git shows nothing of ours."""

from collections.abc import Callable

import pytest

Ratchet = Callable[..., tuple[int, str, str]]
MINE = "commit\tval_bpb\tstatus\n1234567\t0.99\tkeep\n"


def test_a_results_table_that_was_there_stays_as_it_is(shell, ratchet: Ratchet) -> None:
    shell.write("results.tsv", MINE)
    _, _, err = ratchet("start", "first")
    assert "results.tsv is not a table of ratchet and stays as it is; the results go to results-first.tsv." in err
    shell.write("src/one.sh", "value=1\n")
    ratchet("step")
    assert shell.read("results.tsv") == MINE
    assert len(shell.read("results-first.tsv").splitlines()) == 3
    assert shell.git("status", "--short") == "?? results.tsv"


@pytest.mark.parametrize("kind", ["committed", "empty", "folder", "link"])
def test_so_does_one_that_is(shell, ratchet: Ratchet, kind: str) -> None:
    table = shell.root / "results.tsv"
    if kind == "folder":
        shell.write("results.tsv/mine.txt", "mine\n")
    elif kind == "link":
        table.symlink_to("bench.sh")
    else:
        shell.write("results.tsv", MINE if kind == "committed" else "")
    if kind == "committed":
        shell.commit("results")
    ratchet("start", "first")
    assert (shell.root / "results-first.tsv").is_file()
    assert table.is_dir() if kind == "folder" else table.exists()
    assert shell.git("diff") == ""


def test_the_table_of_an_earlier_run_is_ours_to_replace(shell, ratchet: Ratchet) -> None:
    ratchet("start", "first")
    ratchet("start", "second")
    assert not (shell.root / "results-second.tsv").exists()


def test_git_ignores_table_and_records_without_a_change_of_the_repo(shell, ratchet: Ratchet) -> None:
    ratchet("start", "first")
    ratchet("start", "second")
    assert shell.git("status", "--short", "--ignored=no") == ""
    excluded = shell.read(".git/info/exclude").splitlines()
    assert excluded.count("/.ratchet/") == excluded.count("/results.tsv") == 1


def test_a_repo_that_ignores_them_itself_is_left_alone(shell, ratchet: Ratchet) -> None:
    shell.write(".gitignore", "results.tsv\n.ratchet\n")
    shell.commit("ignore")
    before = shell.read(".git/info/exclude")
    ratchet("start", "first")
    assert shell.read(".git/info/exclude") == before


def test_files_in_the_folder_of_a_tag_are_not_taken_for_a_run(shell, ratchet: Ratchet) -> None:
    shell.write(".ratchet/first/tree/mine.txt", "mine\n")
    status, _, err = ratchet("start", "first")
    assert status == 1
    assert err.startswith("tag: .ratchet/first holds files that are of no run.")
    assert shell.read(".ratchet/first/tree/mine.txt") == "mine\n"


def test_a_file_in_place_of_the_folder_of_runs_is_named(shell, ratchet: Ratchet) -> None:
    shell.write(".ratchet", "mine\n")
    status, _, err = ratchet("start", "first")
    assert (status, err.count("\n")) == (1, 1)
    assert err.startswith(".ratchet: this file stands where the runs are kept.")
    assert shell.read(".ratchet") == "mine\n"


@pytest.mark.parametrize("command", [["report", "-o"], ["plot", "--png"]])
def test_a_report_and_a_figure_replace_only_their_own(shell, ratchet: Ratchet, command: list[str]) -> None:
    name = "out.html" if command[0] == "report" else "out.svg"
    ratchet("start", "first")
    shell.write(name, "mine\n")
    status, _, err = ratchet(*command, name)
    assert status == 1
    assert "the file exists, and ratchet did not write it" in err
    assert shell.read(name) == "mine\n"
    (shell.root / name).unlink()
    assert [ratchet(*command, name)[0] for _ in range(2)] == [0, 0]


@pytest.mark.parametrize("tag", ["src", "bench.sh", "ratchet.yaml"])
def test_a_tag_that_is_a_path_of_the_repo_is_refused(shell, ratchet: Ratchet, tag: str) -> None:
    status, out, err = ratchet("start", tag)
    assert (status, out) == (1, "")
    assert err.startswith(f"tag: {tag} is a path of this repository")
    assert shell.git("branch", "--list", "autoresearch/*") == ""


def test_the_same_edit_again_is_not_taken_for_the_rest_of_the_last_step(shell, ratchet: Ratchet) -> None:
    ratchet("start", "first")
    for n in (1, 2, 3):
        shell.write("src/one.sh", "exit 3\n")
        _, out, _ = ratchet("step")
        assert out.startswith(f"iter {n} | CRASHED ({'same code as iter' if n > 1 else ''}")
        assert shell.git("status", "--short") == ""


@pytest.mark.parametrize("lost", ["deleted", "of another run"])
def test_a_table_that_is_lost_does_not_make_a_step_an_interrupted_one(shell, ratchet: Ratchet, lost: str) -> None:
    ratchet("start", "first")
    shell.write("src/one.sh", "exit 3\n")
    ratchet("step")
    if lost == "deleted":
        (shell.root / "results.tsv").unlink()
    else:
        ratchet("start", "second")
        ratchet("step")
        shell.git("switch", "-q", "autoresearch/first")
    _, out, err = ratchet("step")
    assert (out.startswith("iter 2 | "), "interrupted" in err) == (True, False)
    assert len(shell.read("results.tsv").splitlines()) == 4
