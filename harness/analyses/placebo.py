"""The placebo: the scores of experiments that cannot improve anything, which the engine judges by its own rules.

Every gain among them is selection noise and each keep is false, so they are the reference for the gain of a real run.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from threadpoolctl import threadpool_limits

from harness.analyses.base import Answer, Request
from harness.analyses.null_agents import NullAgent, label_agent, noise_agent, seed_agents, smaller
from harness.errors import UserError
from harness.evaluate import Status, TrainFile, read_file
from harness.harness import Harness
from harness.problem import Problem, Scores
from harness.stats import paired_val_auc_se

MAX_N = 200
REPEATS = 3
CHEAP_FILES = 20  # evaluated on shuffled labels in all repeats together; a longer run gets one repeat
KINDS = ("seeds", "labels", "noise")
WALL_S = 240.0  # for each climb; later experiments are left out


def placebo(harness: Harness, request: Request) -> Answer:
    """Return several climbs for each requested kind, one of KINDS or "all": `n` experiments after a baseline.

    `experiments` names the files of the run, which are evaluated on shuffled labels; the first one is the baseline.
    With a `pair` of experiments of the climb number `repeat`, return their difference on the fresh partition that is
    numbered as the later one: rule confirm asks for it.
    """
    begun, n = time.process_time(), min(int(request.get("n") or 1), MAX_N)
    asked = KINDS if request.get("kind", "all") == "all" else (str(request["kind"]),)
    with threadpool_limits(1):  # fits are small: more threads only wait for each other
        agents = {kind: _agents(harness, request, kind, n) for kind in asked}
        if request.get("pair"):
            return {"delta": fresh_delta(harness, agents[asked[0]][0][request["repeat"]], *request["pair"])}
        climbs = [
            {"kind": kind, "repeat": repeat, **climb(harness, agent, n_tries)}
            for kind, (several, n_tries) in agents.items()
            for repeat, agent in enumerate(several)
        ]
    cpu_s = time.process_time() - begun  # of this process; workers have their own budget
    return {"climbs": climbs, "n": n, "n_max": MAX_N, "cpu_time_s": round(cpu_s, 3)}


def climb(harness: Harness, agent: NullAgent, n_tries: int) -> Answer:
    """Score the baseline and n_tries experiments of an agent: each val_auc, and its errors against earlier ones.

    `delta_ses` holds the standard errors of the differences to the earlier experiments that an experiment beats, by
    their number: those that were no worse than the baseline, since a rule keeps no other.
    """
    deadline = time.monotonic() + WALL_S
    val_aucs: list[float | None] = []
    scores: list[list[Scores] | None] = []
    delta_ses: list[dict[str, float]] = []
    for n in range(n_tries + 1):
        if n and time.monotonic() > deadline:
            break
        harness.on_progress(f"{agent.name}: {n} of {n_tries}")
        scores.append(agent.scores(n, 0))
        val_aucs.append(_val_auc(harness, agent, scores[n], 0))
        delta_ses.append(_errors(agent.problem(0), scores, val_aucs))
    return {"name": agent.name, "val_aucs": val_aucs, "delta_ses": delta_ses}


def fresh_delta(harness: Harness, agent: NullAgent, old: int, new: int) -> float | None:
    """Return the val_auc of an experiment minus that of an earlier one, both on the fresh partition of the new one."""
    after, before = (_val_auc(harness, agent, agent.scores(n, new), new) for n in (new, old))
    return None if after is None or before is None else after - before


def _val_auc(harness: Harness, agent: NullAgent, scores: list[Scores] | None, partition: int) -> float | None:
    return None if scores is None else harness.val_auc(agent.problem(partition), scores)


def _errors(
    problem: Problem, scores: Sequence[list[Scores] | None], val_aucs: Sequence[float | None]
) -> dict[str, float]:
    ours, value, first = scores[-1], val_aucs[-1], val_aucs[0]
    found = {}
    for n, (theirs, other) in enumerate(zip(scores[:-1], val_aucs[:-1], strict=True)):
        if value is None or ours is None or other is None or theirs is None or not value > other >= (first or 0.0):
            continue
        y, fold, before = problem.out_of_fold(theirs)
        error = paired_val_auc_se(y, fold, before, problem.out_of_fold(ours)[2])
        if error is not None:
            found[str(n)] = error
    return found


def _agents(harness: Harness, request: Request, kind: str, n: int) -> tuple[Sequence[NullAgent], int]:
    """Return the agents of a kind, and how many tries each has."""

    @lru_cache(maxsize=4)
    def problem_of(partition: int) -> Problem:
        return smaller(harness.workers(partition).problem)

    if kind == "seeds":
        return seed_agents(problem_of, n, REPEATS), n
    if kind == "noise":
        return [noise_agent(problem_of, repeat) for repeat in range(REPEATS)], n
    if kind != "labels":
        raise UserError(f"--kind: {kind!r} is no placebo. Choose {', '.join(KINDS)} or all.")
    sources = _sources(request)
    tries = min(n, len(sources) - 1)
    repeats = max(1, min(REPEATS, CHEAP_FILES // tries)) if tries > 0 else 0
    return [label_agent(harness, sources, repeat) for repeat in range(repeats)], tries


def _sources(request: Request) -> list[TrainFile]:
    """Return the distinct files of the run that keep the contract, the baseline first."""
    fields = sorted(request.get("experiments") or [], key=lambda one: int(one["n"]))
    read = {source.text: source for one in fields if (source := read_file(Path(one["file"]))).status is Status.OK}
    return list(read.values())
