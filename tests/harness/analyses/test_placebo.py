"""A placebo cannot improve anything: its climbs, and what the engine needs to judge them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from instruments import open_table
from problems import make_problem
from tables import make_frame, take

from harness.analyses import null_agents
from harness.analyses.null_agents import noise_agent, seed_agents, shuffled, smaller
from harness.analyses.placebo import placebo
from harness.errors import UserError
from harness.harness import Harness
from harness.workers.pool import Runner

TRAIN = (Path(__file__).resolve().parents[3] / "train.py").read_text()


@pytest.fixture
def instruments(tmp_path: Path, warm_runner: Runner) -> Harness:
    return open_table(take(tmp_path, make_frame()).table, warm_runner)


def files(folder: Path, *sources: str) -> list[dict[str, object]]:
    for n, source in enumerate(sources):
        (folder / f"{n}.py").write_text(source)
    return [{"n": n, "file": str(folder / f"{n}.py")} for n in range(len(sources))]


@pytest.mark.slow
def test_each_kind_climbs_as_often_as_asked_and_the_same_way_every_time(instruments: Harness, tmp_path: Path) -> None:
    sources = [TRAIN, *(TRAIN.replace("max_iter=1000", f"C={c}, max_iter=1000") for c in (0.1, 0.3))]
    request = {"n": 4, "kind": "all", "experiments": files(tmp_path, *sources, TRAIN)}
    answer = placebo(instruments, request)
    assert [(one["name"], one["repeat"], len(one["val_aucs"])) for one in answer["climbs"]] == [
        *[("seeds", 0, 5), ("seeds", 1, 5), ("seeds", 2, 5)],
        *[("shuffled labels", 0, 3), ("shuffled labels", 1, 3), ("shuffled labels", 2, 3)],
        *[("noise columns", 0, 5), ("noise columns", 1, 5), ("noise columns", 2, 5)],
    ]
    assert placebo(instruments, request)["climbs"] == answer["climbs"]


def test_an_error_is_given_where_a_rule_may_need_it(instruments: Harness) -> None:
    (one, *_) = placebo(instruments, {"n": 3, "kind": "seeds"})["climbs"]
    values = one["val_aucs"]
    wanted = [[str(old) for old in range(n) if values[n] > values[old] >= values[0]] for n in range(len(values))]
    assert [list(errors) for errors in one["delta_ses"]] == wanted
    assert all(error > 0 for errors in one["delta_ses"] for error in errors.values())


def test_a_pair_is_compared_on_the_fresh_partition_of_the_later_one(instruments: Harness) -> None:
    request = {"n": 3, "kind": "seeds", "repeat": 1, "pair": [0, 2]}
    delta = placebo(instruments, request)["delta"]
    assert delta == placebo(instruments, request)["delta"] != placebo(instruments, {**request, "repeat": 0})["delta"]
    agent = seed_agents(lambda number: smaller(instruments.workers(number).problem), 3, 2)[1]
    after, before = (instruments.val_auc(agent.problem(2), agent.scores(n, 2)) for n in (2, 0))
    assert delta == after - before


@pytest.mark.slow
def test_shuffled_labels_leave_nothing_to_learn(instruments: Harness, tmp_path: Path) -> None:
    found = placebo(instruments, {"n": 1, "kind": "labels", "experiments": files(tmp_path, TRAIN, TRAIN + "\n")})
    assert all(0.3 < value < 0.7 for value in found["climbs"][0]["val_aucs"])
    assert (instruments.workers().problem.y == instruments.table.y).all()


@pytest.mark.slow
def test_a_file_that_fails_has_no_number_and_the_climb_goes_on(instruments: Harness, tmp_path: Path) -> None:
    sources = [TRAIN, TRAIN.replace("return X\n", "return X.nothing\n"), TRAIN.replace("1000", "900")]
    (one, *_) = placebo(instruments, {"n": 9, "kind": "labels", "experiments": files(tmp_path, *sources)})["climbs"]
    assert [value is None for value in one["val_aucs"]] == [False, True, False]


def test_a_run_with_a_baseline_alone_has_no_files_to_climb_with(instruments: Harness, tmp_path: Path) -> None:
    assert placebo(instruments, {"n": 2, "kind": "labels", "experiments": files(tmp_path, TRAIN)})["climbs"] == []
    with pytest.raises(UserError, match=r"--kind: 'luck' is no placebo\. Choose seeds, labels, noise or all"):
        placebo(instruments, {"n": 2, "kind": "luck"})


def test_labels_are_dealt_out_within_folds() -> None:
    problem = make_problem()
    y = shuffled(problem)
    assert (y != problem.y).any()
    for _, val in problem.folds:
        assert sorted(y[val]) == sorted(problem.y[val])
    assert sorted(y[problem.test]) == sorted(problem.y[problem.test])
    assert (shuffled(problem, 1) != y).any()


def test_noise_is_other_noise_each_time_and_the_baseline_has_none() -> None:
    problem = make_problem()
    agent, again, other = (noise_agent(lambda _: problem, repeat) for repeat in (0, 0, 1))
    first = [np.concatenate(agent.scores(n, 0)) for n in range(3)]
    assert (first[1] != first[2]).any()
    assert (first[1] == np.concatenate(again.scores(1, 0))).all()
    assert (first[1] != np.concatenate(other.scores(1, 0))).any()
    assert (first[0] == np.concatenate(other.scores(0, 0))).all()
    assert (np.concatenate(seed_agents(lambda _: problem, 1, 1)[0].scores(0, 0)) != first[0]).any()


def test_a_large_table_is_cut_with_the_share_of_its_classes(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = make_problem(2000, n_classes=3)
    monkeypatch.setattr(null_agents, "MAX_ROWS", 300)
    cut = smaller(problem)
    assert 280 < len(cut.train) <= 300
    assert set(np.concatenate([val for _, val in cut.folds])) <= set(cut.train)
    assert np.bincount(cut.y[cut.train]).min() > 80
    assert len(seed_agents(lambda _: cut, 1, 1)[0].scores(1, 0)[0].shape) == 2


def test_seeds_are_tried_in_another_order_by_each_and_fitted_once() -> None:
    problem = make_problem()
    one, other = seed_agents(lambda _: problem, 5, 2)
    tried = [[np.concatenate(agent.scores(n, 0)).tobytes() for n in range(6)] for agent in (one, other)]
    assert sorted(tried[0]) == sorted(tried[1])
    assert tried[0] != tried[1]
    assert len(set(tried[0])) == 6
