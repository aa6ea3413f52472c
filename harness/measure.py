"""Measure one train.py: run its folds and its final test fit in locked-down processes, then the leak checks.

This side is trusted: it owns the labels, and it alone turns scores into numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from harness import probes
from harness.leaks import CHECKS, LOOKS, Check, Cost, Failure, Finding, editable_only
from harness.leaks.lab import FoldScores, Lab, mean_auc
from harness.probes import Batch
from harness.problem import Problem, Rows, Scores, score_job
from harness.runner import Answer, Budget, Runner, Task, one_line
from harness.statistics import auc
from harness.stopping import Rival, best_possible, is_settled
from harness.trainfile import Source, Status, preloads

CHECK_CPU = 10.0  # times the CPU seconds of the measurement is what one check may use, and a little more
CHECK_SLACK_S, CHECK_WALL_SLACK_S = 5.0, 60.0


@dataclass(frozen=True, slots=True)
class Measurement:
    """Everything that one measurement came to. What was not measured is None.

    `scores` are the out-of-fold scores, one array a fold, `probe_scores` those of the probe rows that rode along;
    `bound` is the highest val_auc that a measurement which was stopped early could still have reached.
    """

    source: Source
    status: Status
    reason: str = ""
    scores: Sequence[Scores | None] = ()
    probe_scores: Sequence[Scores | None] = ()
    fold_aucs: Sequence[float | None] = ()
    test_scores: Scores | None = None
    threshold: float = 0.5
    bound: float | None = None
    findings: Sequence[tuple[str, Finding]] = ()
    cpu_s: float = 0.0
    checks_cpu_s: float = 0.0
    peak_memory_mb: float | None = None
    log: str = ""

    @property
    def is_ok(self) -> bool:
        """Whether the numbers stand."""
        return self.status is Status.OK

    def predict(self, scores: Scores) -> Rows:
        """Return the class that scores speak for."""
        return scores.argmax(axis=1) if scores.ndim == 2 else (scores > self.threshold).astype(np.int64)

    @property
    def leaks(self) -> list[str]:
        """The names of the checks that found something."""
        return [name for name, finding in self.findings if not finding.passed and finding.failure is None]

    @property
    def val_auc(self) -> float | None:
        """The mean AUC of the folds, if all were measured and the file is honest."""
        if not self.is_ok or not self.fold_aucs or None in self.fold_aucs:
            return None
        return mean_auc(self.fold_aucs)


@dataclass(slots=True)
class Bench:
    """Where measurements are made: one problem, one runner with its warm processes, one budget."""

    problem: Problem
    runner: Runner
    budget: Budget
    is_guarded: bool = True
    on_progress: Callable[[str], None] = lambda _text: None
    _batches: list[Batch] = field(default_factory=list)
    _plain: dict[str, list[FoldScores] | Failure] = field(default_factory=dict)

    def batches(self) -> list[Batch]:
        """Return the probe rows of each fold: the same for every experiment, so that a file scores the same twice."""
        if not self._batches:
            units = probes.measured_in(self.problem.X)
            for i, (_, val) in enumerate(self.problem.folds):
                rng = np.random.default_rng([self.problem.seed, 2, i])
                self._batches.append(probes.build(self.problem, val, units, rng))
        return self._batches

    def measure(
        self,
        source: Source,
        *,
        beat: float | None = None,
        stop_early: bool = True,
        rival: Rival | None = None,
        order: Sequence[int] = (),
        refits: bool | None = None,
    ) -> Measurement:
        """Measure a file.

        Parameters
        ----------
        source : Source
        beat : float or None
            val_auc that must be exceeded for the experiment to be kept: the checks that refit are made only if it is,
            and with `stop_early` folds that can no longer lead above it are not run. None measures everything.
        rival : Rival or None
            With it, what has hardly a chance of winning any more is stopped too.
        order : sequence of int
            In which the folds are begun; the ones where the best so far is worst show soonest that nothing can win.
        refits : bool or None
            Overrides the choice whether the checks that refit are made.
        """
        if source.status is not Status.OK:
            names = [(editable_only.NAME, Finding(False, source.reason))] if source.status is Status.REJECTED else []
            return Measurement(source, source.status, source.reason, findings=names)
        collected = _Collector(self, beat if stop_early else None, order or range(len(self.problem.folds)), rival)
        measured = self._run(source, collected)
        if not measured.is_ok or measured.bound is not None:
            return measured
        value = measured.val_auc
        is_winner = beat is None or (value is not None and value > beat)
        return self._check(measured, refits=is_winner if refits is None else refits)

    def _run(self, source: Source, collected: _Collector) -> Measurement:
        answers = self.runner.run(self._tasks(source, collected.order), self.budget, on_done=collected.take)
        measured = Measurement(
            source,
            Status.OK,
            scores=collected.scores,
            probe_scores=collected.probe_scores,
            fold_aucs=collected.fold_aucs,
            cpu_s=sum(answer.cpu_s for answer in answers),
            peak_memory_mb=max((answer.peak_memory_mb for answer in answers), default=0.0) or None,
            log=next((answer.log for answer in answers if answer.log), ""),
        )
        failed = _failed(answers)
        if failed is not None:
            status = Status.TIMEOUT if failed.is_timeout else Status.CRASHED
            return replace(measured, status=status, reason=failed.reason, log=failed.log or measured.log)
        if collected.is_hopeless:
            return replace(measured, bound=best_possible(collected.fold_aucs))
        test = self.problem.read(answers[-1].payload or b"", len(self.problem.test))
        return replace(measured, test_scores=test, threshold=0.0 if answers[-1].is_decision else 0.5)

    def _tasks(self, source: Source, order: Sequence[int]) -> list[Task]:
        problem, tasks = self.problem, []
        for index in order:
            (fit, val), batch = problem.folds[index], self.batches()[index]
            job = score_job(source.text, problem, fit, problem.y[fit], [problem.part(val), batch.X])
            tasks.append(self._task(source, job, len(val) + len(batch.X)))
        job = score_job(source.text, problem, problem.train, problem.y[problem.train], [problem.part(problem.test)])
        return [*tasks, self._task(source, job, len(problem.test))]

    def _task(self, source: Source, job: Any, n_rows: int) -> Task:
        extra = {"preload": preloads(source.text), "guarded": self.is_guarded}
        return Task({**job, **extra}, self.problem.score_bytes(n_rows))

    def lab(self, measured: Measurement) -> Lab:
        """Return the place where the leak checks of this measurement work."""
        folds = []
        rows = zip(self.problem.folds, self.batches(), measured.scores, measured.probe_scores, strict=True)
        for (fit, val), batch, scores, probed in rows:
            if scores is not None and probed is not None:
                folds.append(FoldScores(fit, val, scores, batch, probed))
        return Lab(
            measured.source.text,
            self.problem,
            folds,
            self.runner,
            self._check_budget(measured),
            preload=preloads(measured.source.text),
            val_auc=mean_auc(measured.fold_aucs),
            plain_budget=self.budget,
            plain=self._plain,
            is_guarded=self.is_guarded,
        )

    def _check_budget(self, measured: Measurement) -> Budget:
        """Return what one check may use: a file that dawdles when it is looked at twice cannot hold up the run."""
        cpu_s = min(self.budget.cpu_s, CHECK_CPU * measured.cpu_s + CHECK_SLACK_S)
        wall_s = min(self.budget.wall_s, CHECK_CPU * measured.cpu_s + CHECK_WALL_SLACK_S)
        return replace(self.budget, cpu_s=cpu_s, wall_s=wall_s)

    def _check(self, measured: Measurement, *, refits: bool) -> Measurement:
        lab, findings = self.lab(measured), []
        for check in CHECKS:
            if check.COST is Cost.REFIT and not refits:
                continue
            self.on_progress(check.NAME)
            finding = check.run(lab)
            findings.append((check.NAME, finding))
            if finding.failure is not None:
                status = Status.TIMEOUT if finding.failure.is_timeout else Status.CRASHED
                reason = one_line(f"{check.NAME} {finding.evidence}", 500)
                done = replace(measured, status=status, reason=reason, findings=findings)
                return replace(done, checks_cpu_s=lab.cpu_s)
            if not finding.passed and check.NAME not in LOOKS:
                reason = describe_failure(check, finding)
                done = replace(measured, status=Status.LEAK, reason=reason, findings=findings)
                return replace(done, checks_cpu_s=lab.cpu_s)
        return replace(measured, findings=findings, checks_cpu_s=lab.cpu_s)


class _Collector:
    """Takes the folds as they come in, and says when no more are needed."""

    def __init__(self, bench: Bench, beat: float | None, order: Sequence[int], rival: Rival | None) -> None:
        n_folds = len(bench.problem.folds)
        self.bench, self.beat, self.order, self.rival = bench, beat, order, rival
        self.scores: list[Scores | None] = [None] * n_folds
        self.probe_scores: list[Scores | None] = [None] * n_folds
        self.fold_aucs: list[float | None] = [None] * n_folds
        self.n_done = 0

    @property
    def is_hopeless(self) -> bool:
        """Whether folds are left, and the best so far cannot be beaten any more."""
        return is_settled(self.fold_aucs, self.beat, order=self.order, rival=self.rival)

    def take(self, index: int, answer: Answer) -> bool:
        """Take one answer in; False when the others are not needed."""
        self.n_done += 1
        n_folds = len(self.fold_aucs)
        self.bench.on_progress(f"fold {self.n_done}/{n_folds}" if self.n_done <= n_folds else "test fit")
        if answer.payload is None:
            return False
        if index < n_folds:
            self._keep(self.order[index], answer.payload)
        return not self.is_hopeless

    def _keep(self, fold: int, payload: bytes) -> None:
        problem, val = self.bench.problem, self.bench.problem.folds[fold][1]
        scores = problem.read(payload, len(val) + len(self.bench.batches()[fold].X))
        self.scores[fold], self.probe_scores[fold] = scores[: len(val)], scores[len(val) :]
        self.fold_aucs[fold] = auc(problem.y[val], scores[: len(val)])


def describe_failure(check: Check, finding: Finding) -> str:
    """Return one line: the check, what it saw, what to do."""
    return one_line(f"{check.NAME}: {finding.evidence}. Fix: {check.FIX}", 500)


def _failed(answers: Sequence[Answer]) -> Answer | None:
    """Return the answer that tells why a measurement failed: a timeout first, then the first one that has a reason."""
    told = [a for a in answers if a.payload is None and a.reason not in {"not run", "not needed any more"}]
    return next((a for a in told if a.is_timeout), told[0] if told else None)
