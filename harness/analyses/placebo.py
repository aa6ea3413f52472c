"""The placebo: the same rule and number of tries with experiments that cannot improve anything.

Its gain is selection noise and each of its keeps is false, so it is the reference for the gain of a real run.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
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
MARGIN_SES = 1.96


@dataclass(frozen=True, slots=True)
class PlaceboClimb:
    """The val_auc of each placebo experiment, the baseline first, and the number that each rule would keep.

    Of several repeats it is the one with the median gain (the upper median of an even number); `gains` holds the gains
    of all, in ascending order.
    """

    name: str
    val_aucs: Sequence[float | None]
    false_keeps: dict[str, int | None]
    gains: Sequence[float] = ()

    @property
    def gain(self) -> float:
        """The val_auc of the best minus that of the baseline."""
        known = [value for value in self.val_aucs if value is not None]
        first = self.val_aucs[0]
        return 0.0 if first is None else max(known) - first


def placebo(harness: Harness, request: Request) -> Answer:
    """Return a climb for each requested kind: `n` experiments after the baseline, `kind` one of KINDS or "all".

    `experiments` names the files of the run, which are evaluated on shuffled labels; the first one is the baseline.
    """
    begun, n = time.process_time(), min(int(request.get("n") or 1), MAX_N)
    asked = KINDS if request.get("kind", "all") == "all" else (str(request["kind"]),)
    with threadpool_limits(1):  # fits are small: more threads only wait for each other
        climbs = [_middle(harness, agents, tries) for agents, tries in _agents(harness, request, asked, n)]
    cpu_s = time.process_time() - begun  # of this process; workers have their own budget
    return {"climbs": [asdict(one) for one in climbs], "n": n, "n_max": MAX_N, "cpu_time_s": round(cpu_s, 3)}


def _middle(harness: Harness, agents: Sequence[NullAgent], n_tries: int) -> PlaceboClimb:
    """Return the climb with the median gain: a single one may have a lucky baseline and never improve."""
    climbs = sorted((climb(harness, agent, n_tries) for agent in agents), key=lambda one: one.gain)
    return replace(climbs[len(climbs) // 2], gains=[one.gain for one in climbs])


def climb(harness: Harness, agent: NullAgent, n_tries: int) -> PlaceboClimb:
    """Run n_tries experiments of an agent, and judge each by every rule."""
    deadline, judges = time.monotonic() + WALL_S, Judges(harness, agent)
    for n in range(n_tries + 1):
        if n and time.monotonic() > deadline:
            break
        harness.on_progress(f"{agent.name}: {n} of {n_tries}")
        judges.take(n)
    return PlaceboClimb(agent.name, judges.val_aucs, dict(judges.keeps))


@dataclass(slots=True)
class Judges:
    """The three rules in parallel, each with its own best so far."""

    harness: Harness
    agent: NullAgent
    val_aucs: list[float | None] = field(default_factory=list)
    scores: list[list[Scores] | None] = field(default_factory=list)
    best: dict[str, int] = field(default_factory=dict)
    keeps: dict[str, int | None] = field(default_factory=lambda: {"strict": 0, "margin": 0, "confirm": 0})

    def take(self, n: int) -> None:
        """Score experiment n and let each rule decide; the best of a rule is the baseline until it keeps one."""
        found = self.agent.scores(n, 0)
        self.scores.append(found)
        self.val_aucs.append(self._val_auc(found, 0))
        for rule, is_kept in (("strict", self._strict), ("margin", self._margin), ("confirm", self._confirm)):
            if n and self.val_aucs[n] is not None and is_kept(n, self.best.get(rule, 0)):
                self.best[rule] = n
                self.keeps[rule] = (self.keeps[rule] or 0) + 1

    def _strict(self, n: int, best: int) -> bool:
        new, old = self.val_aucs[n], self.val_aucs[best]
        return new is not None and (old is None or new > old)

    def _margin(self, n: int, best: int) -> bool:
        new, old, a, b = self.val_aucs[n], self.val_aucs[best], self.scores[best], self.scores[n]
        if new is None or old is None or a is None or b is None or new <= old:
            return False
        problem = self.agent.problem(0)
        y, fold, before = problem.out_of_fold(a)
        error = paired_val_auc_se(y, fold, before, problem.out_of_fold(b)[2])
        return error is not None and new - old > MARGIN_SES * error.value

    def _confirm(self, n: int, best: int) -> bool:
        if not self._strict(n, best):
            return False
        new, old = (self._val_auc(self.agent.scores(one, n), n) for one in (n, best))
        return new is not None and (old is None or new > old)

    def _val_auc(self, scores: list[Scores] | None, partition: int) -> float | None:
        return None if scores is None else self.harness.val_auc(self.agent.problem(partition), scores)


def _agents(harness: Harness, request: Request, asked: Sequence[str], n: int) -> list[tuple[Sequence[NullAgent], int]]:
    @lru_cache(maxsize=4)
    def problem_of(partition: int) -> Problem:
        return smaller(harness.workers(partition).problem)

    found: list[tuple[Sequence[NullAgent], int]] = []
    for kind in asked:
        if kind == "seeds":
            found.append((seed_agents(problem_of, n, REPEATS), n))
        elif kind == "noise":
            found.append(([noise_agent(problem_of, repeat) for repeat in range(REPEATS)], n))
        elif kind == "labels":
            found += _label_agents(harness, _sources(request), n)
        else:
            raise UserError(f"--kind: {kind!r} is no placebo. Choose {', '.join(KINDS)} or all.")
    return found


def _label_agents(harness: Harness, sources: Sequence[TrainFile], n: int) -> list[tuple[Sequence[NullAgent], int]]:
    tries = min(n, len(sources) - 1)
    if tries < 1:
        return []
    repeats = max(1, min(REPEATS, CHEAP_FILES // tries))
    return [([label_agent(harness, sources, repeat) for repeat in range(repeats)], tries)]


def _sources(request: Request) -> list[TrainFile]:
    """Return the distinct files of the run that keep the contract, the baseline first."""
    fields = sorted(request.get("experiments") or [], key=lambda one: int(one["n"]))
    read = {source.text: source for one in fields if (source := read_file(Path(one["file"]))).status is Status.OK}
    return list(read.values())
