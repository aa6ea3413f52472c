"""Run the ratchet with the built-in researcher but without git: the same proposals, measurements and verdicts.

The harness measures as the server of a loop does (sandboxed folds, leak checks, early stopping), and the code of the
engine reads and judges the printed lines. Git, the journal, and a new interpreter for each proposal are left out and
do not count against the budget. The stop at a val_auc of .99, where a loop waits for a person, is left out too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from benchmarks.clock import Clock
from harness.data.table import Table
from harness.evaluate import FoldWorkers
from harness.harness import Harness, probe_level
from harness.problem import Problem, score_job
from harness.server import Request, answer
from harness.stats import auc
from harness.workers.pool import Runner, Task
from prepare import RULES, mean_auc
from ratchet.core.bandit import suggest
from ratchet.core.config_file import load
from ratchet.core.records import NOTE_CHARS, Begun, Experiment, Measurement, Proposal, best, one_line
from ratchet.core.source_code import read_code
from ratchet.engine.measure import Candidate, Progress, interpret
from ratchet.engine.trial import Trial
from ratchet.process import Outcome
from ratchet.repo.run import Run
from researcher.ensemble import choose, write
from researcher.proposal import propose

ROOT = Path(__file__).resolve().parents[1]
CONFIG = load(ROOT / "pyproject.toml")


@dataclass(frozen=True, slots=True)
class Result:
    """The result of a method within a budget; None if not measured."""

    method: str
    budget_s: float
    val: float | None
    test: float | None
    cpu_s: float
    n: int = 1
    detail: str = ""


class InProcess:
    """A measurer that works as the server of a loop does; a commit is a key of `texts`."""

    def __init__(self, harness: Harness, folder: Path, texts: Mapping[str, str]) -> None:
        self._harness, self._folder, self._texts = harness, folder, texts

    def parts(self) -> None:
        """Return None, since nothing is kept between runs."""

    def close(self) -> None:
        """Do nothing, since the caller owns the runner."""

    def measure(self, candidate: Candidate, progress: Progress) -> Measurement:
        """Measure a candidate and read what was printed."""
        request = Request(
            self._put(candidate.commit, "candidate.py"),
            best=self._put(candidate.best, "best.py") if candidate.best else None,
            beat=candidate.beat,
            stop_early=CONFIG.early_stop,
            store=self._folder / "scores",
        )
        reply = answer(self._harness, request)
        outcome = Outcome(reply["exit"], reply["stdout"], "", 0.0, 0.0, 0.0)
        return replace(interpret(outcome, CONFIG, known=reply["numbers"]), bound=reply["extra"]["bound"])

    def _put(self, commit: str, name: str) -> Path:
        path = self._folder / name
        path.write_text(self._texts[commit], encoding="utf-8")
        return path


def rounds(measurer: InProcess, texts: dict[str, str], seed: int) -> Iterator[Sequence[Experiment]]:
    """Yield the history of a run, longer by one experiment each time; `texts` gets the train.py of each."""
    worktree = cast(
        Run, SimpleNamespace(worktree=SimpleNamespace(config=CONFIG), folder=ROOT)
    )  # the part of a run that Trial reads
    trial = Trial(worktree, measurer, lambda _: None, lambda: False)
    history: list[Experiment] = []
    text, message = (ROOT / "train.py").read_text("utf-8"), Proposal()
    while True:
        n = len(history)
        texts[str(n)] = text
        code = read_code({"train.py": text.encode()}, CONFIG.label)
        begun = Begun(n, str(n), "", message, code.file_hash, code.chars, "")
        history.append(trial.test(begun, tuple(history)))
        yield tuple(history)
        text, message = _next(history, texts, seed)


def _next(history: Sequence[Experiment], texts: Mapping[str, str], seed: int) -> tuple[str, Proposal]:
    arm = suggest(history, CONFIG.bandit) if CONFIG.bandit else ""
    made = propose(history, seed=seed, arm=arm, worktree=_worktree(history, texts))
    return made.source, Proposal("builtin", made.strategy, one_line(made.note, NOTE_CHARS))


def _worktree(history: Sequence[Experiment], texts: Mapping[str, str]) -> str:
    incumbent = best(history)
    return texts[str(incumbent.n if incumbent else 0)]


def play(table: Table, problem: Problem, budgets: Sequence[float], folder: Path) -> Iterator[tuple[Result, float]]:
    """Run the ratchet up to the largest budget; yield (result within each budget, CPU seconds of the start).

    One run has two results: `ratchet`, the single winner, and `committee`, whose refit counts against its budget.
    """
    with Runner(1) as runner:
        runner.warm_up()
        level = probe_level(runner, ROOT / "prepare.py")
        harness = Harness(table, runner, replace(RULES, split=lambda _table, _partition: problem), level)
        texts: dict[str, str] = {}
        clock = Clock()
        answers = _Answers(harness.workers(), texts, clock, level)
        open_budgets = {kind: sorted(budgets) for kind in (answers.single, answers.committee)}
        before: tuple[Sequence[Experiment], float] | None = None
        for history in rounds(InProcess(harness, folder, texts), texts, seed=0):
            used_s = clock.used_s()
            for kind, waiting in open_budgets.items():
                while waiting and used_s + answers.price(kind, history) > waiting[0]:
                    yield kind(*(before or (history, used_s)), waiting.pop(0)), clock.begun_s
            before = history, used_s
            if not any(open_budgets.values()):
                return


class _Answers:
    """Turns a history into the two results of a run."""

    def __init__(self, bench: FoldWorkers, texts: Mapping[str, str], clock: Clock, level: str) -> None:
        self._bench, self._texts, self._clock, self._level = bench, texts, clock, level

    def price(self, kind: Any, history: Sequence[Experiment]) -> float:
        """Return the expected CPU seconds of the result; the winner has its test fit already."""
        if kind != self.committee:
            return 0.0
        seats = choose(history, worktree=_worktree(history, self._texts))
        return sum(history[n].cpu_time_s or 0.0 for n in seats) / (len(self._bench.problem.folds) + 1)

    def single(self, history: Sequence[Experiment], used_s: float, budget_s: float) -> Result:
        """Return the scores of the strict winner, whose test fit was made when it was measured."""
        winner = best(history)
        value, test = (winner.metric, winner.metrics.get("test_auc")) if winner else (None, None)
        detail = f"iter {winner.n}: {winner.hypothesis}; {self._level}" if winner else "no experiment was measured"
        return Result("ratchet", budget_s, value, test, used_s, len(history), detail)

    def committee(self, history: Sequence[Experiment], used_s: float, budget_s: float) -> Result:
        """Fit the committee on the training rows and score it; scoring its folds does not count."""
        worktree, problem = _worktree(history, self._texts), self._bench.problem
        with self._clock.aside():
            text = write(history, worktree=worktree)
            answers = self._bench.runner.run(_tasks(text, problem), self._bench.budget)
        scores = [problem.read(answer.payload) if answer.payload else None for answer in answers]
        test = None if scores[-1] is None else auc(problem.y[problem.test], scores[-1])
        is_whole = all(values is not None for values in scores)
        val = mean_auc(problem.fold_aucs([v for v in scores[:-1] if v is not None])) if is_whole else None
        seats = ",".join(str(n) for n in choose(history, worktree=worktree))
        return Result("committee", budget_s, val, test, used_s + answers[-1].cpu_s, len(history), f"seats {seats}")


def _tasks(text: str, problem: Problem) -> list[Task]:
    parts = [*problem.folds, (problem.train, problem.test)]
    jobs = [
        (score_job(text, problem, fit, problem.y[fit], [problem.rows(rows)]), problem.score_bytes(len(rows)))
        for fit, rows in parts
    ]
    return [Task({**job, "guarded": True}, n_bytes) for job, n_bytes in jobs]
