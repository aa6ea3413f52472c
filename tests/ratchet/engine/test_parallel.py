"""Lanes side by side; what they came to counts only after it was measured again on the run's own branch."""

from collections.abc import Callable

import pytest

from ratchet.engine.parallel import _share

Ratchet = Callable[..., tuple[int, str, str]]
SUBRUN_AGENT = """import os, pathlib
n, seed = int(os.environ["RATCHET_N"]), int(os.environ["RATCHET_SEED"])
score = SCORES[seed][n - 1]
pathlib.Path("model.py").write_text(f'HYPOTHESIS = "idea {n} of seed {seed}"\\nSCORE = {score}\\n')
"""


@pytest.fixture
def raced(project):
    project.write(".gitignore", "results.tsv\n__pycache__/\n")
    project.write("agent.py", "SCORES = {0: [0.6, 0.7, 0.65], 1: [0.55, 0.8], 2: [0.4, '1/0']}\n" + SUBRUN_AGENT)
    project.commit("an agent that lanes have too")
    return project


def test_the_winners_are_measured_again_best_first(raced, ratchet: Ratchet) -> None:
    status, out, err = ratchet("race", "-k", "3", "-n", "7")
    assert status == 0
    assert out.splitlines()[:3] == [
        "iter 0 | score=0.5000 | BASELINE — baseline",
        "iter 1 | score=0.8000 (Δ +0.3000) | KEPT — idea 2 of seed 1",
        "iter 2 | score=0.7000 (Δ -0.1000) | DISCARDED — idea 2 of seed 0",
    ]
    assert err.count("-lane1 | iter") == 3
    assert err.count("-lane3 | iter") == 2
    assert raced.kept()[-1] == "iter 1: idea 2 of seed 1"
    assert "SCORE = 0.8" in raced.read("model.py")
    assert raced.git("status", "--short") == ""


def test_nothing_of_the_subruns_is_left_but_their_experiments(raced, ratchet: Ratchet) -> None:
    ratchet("race", "-k", "2", "-n", "4")
    assert len(raced.git("worktree", "list").splitlines()) == 1
    branches = raced.git("for-each-ref", "--format=%(refname:short)", "refs/heads").splitlines()
    assert [branch for branch in branches if "lane" in branch] == []
    assert any(
        "lane2/1" in ref for ref in raced.git("for-each-ref", "--format=%(refname)", "refs/ratchet").splitlines()
    )


def test_a_second_race_starts_from_the_best_with_subruns_of_its_own(raced, ratchet: Ratchet) -> None:
    ratchet("race", "-k", "2", "-n", "2")
    status, _, err = ratchet("race", "-k", "2", "-n", "2")
    assert status == 0
    assert "-lane4 | iter 1" in err


def test_subruns_that_a_kill_left_are_gathered_by_the_next_race(raced, ratchet: Ratchet) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ratchet.engine.parallel.gather", lambda session, screen: [])
        ratchet("race", "-k", "2", "-n", "4")
    assert len(raced.git("worktree", "list").splitlines()) == 3
    _, out, _ = ratchet("race", "-k", "2", "-n", "2")
    assert "iter 1 | score=0.8000 (Δ +0.3000) | KEPT — idea 2 of seed 1" in out
    assert len(raced.git("worktree", "list").splitlines()) == 1


@pytest.mark.parametrize(("n", "k"), [(7, 3), (3, 3), (25, 2), (64, 64)])
def test_experiments_are_dealt_evenly(n: int, k: int) -> None:
    shares = [_share(n, k, number) for number in range(k)]
    assert sum(shares) == n
    assert max(shares) - min(shares) <= 1


LOOKING_AGENT = """import os, pathlib
n, loop = int(os.environ["RATCHET_N"]), int(os.environ["RATCHET_LOOP"])
assert len(os.environ["RATCHET_OTHER_JOURNALS"].split(os.pathsep)) == 2
name = f"{loop} {n}"
pathlib.Path(LOG, f"prompt {name}").write_text(pathlib.Path(os.environ["RATCHET_PROMPT"]).read_text())
pathlib.Path("model.py").write_text(f'HYPOTHESIS = "idea {name}"\\nSCORE = 0.1 + {loop} / 100 + {n} / 1000\\n')
while n == 2 and not pathlib.Path(LOG, f"prompt {1 - loop} 2").exists(): pass
"""


def test_subruns_know_the_history_of_the_run_and_each_other(raced, ratchet: Ratchet, tmp_path) -> None:
    raced.write("agent.py", f"LOG = {str(tmp_path)!r}\n{LOOKING_AGENT}")
    raced.commit("an agent that looks around")
    ratchet("start", "first")
    raced.edit(0.3, "an idea before the race")
    ratchet("step")
    ratchet("race", "-k", "2", "-n", "6")
    for loop in (0, 1):
        prompt = (tmp_path / f"prompt {loop} 3").read_text()
        elsewhere = prompt.partition("## What was tried elsewhere in this run: do not repeat it")[2]
        assert "— an idea before the race" in elsewhere
        assert f"— idea {1 - loop} 1" in elsewhere
