"""The parts around the loop over the folds: the file, the workers that fit and score, the result, the leak checks.

The loop itself and the score are in prepare.py. This side is trusted: it holds the labels and sends a worker only those
of the rows that the worker fits on.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from harness.checks import CHECKS, LOOKS, Check, CheckResult, Cost, Failure, editable_only, perturb
from harness.checks.context import CheckContext, FoldScores
from harness.checks.editable_only import find_hypothesis
from harness.checks.perturb import Batch
from harness.output import one_line
from harness.problem import Problem, Rows, Scores, score_job
from harness.workers.jobs import Part
from harness.workers.launcher import MACHINE
from harness.workers.pool import NOT_NEEDED, NOT_RUN, Answer, Runner, RunningTasks, Task, TaskBudget

FitAndScore: TypeAlias = tuple[Rows, Rows, Rows]  # rows to fit on, their labels, rows to score
TEST = -1  # the part that is fitted on all training rows and scores the held-out rows; the others are fold numbers
CHECK_CPU = 10.0  # budget of one check, as a multiple of the CPU seconds of the measurement, plus the slack
CHECK_SLACK_S, CHECK_WALL_SLACK_S = 5.0, 60.0
MAX_FILE_BYTES = 1_000_000
HYPOTHESIS_LENGTH = 200


class Status(StrEnum):
    """How an evaluation ended."""

    OK = "ok"
    TIMEOUT = "timeout"
    CRASHED = "crashed"
    REJECTED = "rejected"
    LEAK = "leak"


@dataclass(frozen=True, slots=True)
class TrainFile:
    """A train.py as text, its hypothesis if it has one, and the reason why it cannot be run, else ''."""

    text: str
    hypothesis: str | None = None
    status: Status = Status.OK
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """The result of evaluating one file. What was not measured is None.

    `val_auc` is the mean of `fold_aucs`, if every fold was measured and no leak check failed. `scores` and
    `probe_scores` have for each fold the out-of-fold scores, and those of the probe rows. `bound` is the highest
    val_auc that an early-stopped evaluation could still have reached.
    """

    source: TrainFile
    status: Status
    reason: str = ""
    val_auc: float | None = None
    fold_aucs: Sequence[float | None] = ()
    scores: Sequence[Scores | None] = ()
    probe_scores: Sequence[Scores | None] = ()
    test_scores: Scores | None = None
    threshold: float = 0.5
    bound: float | None = None
    findings: Sequence[tuple[str, CheckResult]] = ()
    cpu_s: float = 0.0
    checks_cpu_s: float = 0.0
    peak_memory_mb: float | None = None
    log: str = ""

    @property
    def is_ok(self) -> bool:
        """Whether the evaluation succeeded."""
        return self.status is Status.OK

    def predict(self, scores: Scores) -> Rows:
        """Return the class with the highest score; of two classes, 1 above the threshold."""
        return scores.argmax(axis=1) if scores.ndim == 2 else (scores > self.threshold).astype(np.int64)

    @property
    def leaks(self) -> list[str]:
        """The names of the checks that found a leak or an issue."""
        return [name for name, finding in self.findings if not finding.passed and finding.failure is None]


def read_file(path: Path, best: Path | None = None) -> TrainFile:
    """Read a file; an unreadable one is rejected. Its frozen parts are compared with those of the best so far."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        return TrainFile("", None, Status.REJECTED, f"{path.name}: {error.strerror}")
    if len(data) > MAX_FILE_BYTES:
        too_long = f"{editable_only.NAME}: more than {MAX_FILE_BYTES} bytes. Fix: {editable_only.FIX}"
        return TrainFile("", None, Status.REJECTED, too_long)
    frozen = read_file(best) if best else None
    return read_source(data, frozen.text if frozen and frozen.status is Status.OK else "")


def read_source(data: bytes, best: str = "") -> TrainFile:
    """Read the bytes of a train.py: its hypothesis, and whether it keeps the contract.

    `best` is the text of the best so far, whose docstring is frozen; '' for a file by itself.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return TrainFile("", None, Status.REJECTED, f"train.py is not UTF-8 text (byte {error.start})")
    with _as_reason() as reasons:
        violation = editable_only.first_violation(text) or editable_only.changed_docstring(text, best)
        hypothesis = _hypothesis(text) if len(text) <= editable_only.MAX_SOURCE else None
    if reasons:
        return TrainFile(text, None, Status.CRASHED, reasons[0])
    if violation:
        reason = one_line(f"{editable_only.NAME}: {violation}. Fix: {editable_only.FIX}", 500)
        return TrainFile(text, hypothesis, Status.REJECTED, reason)
    return TrainFile(text, hypothesis)


@contextmanager
def _as_reason() -> Iterator[list[str]]:
    """Collect an error of Python's parser as one line."""
    reasons: list[str] = []
    try:
        yield reasons
    except SyntaxError as error:
        reasons.append(one_line(f"{type(error).__name__}: {error.msg} (train.py:{error.lineno})"))
    except (ValueError, RecursionError, MemoryError) as error:
        reasons.append(one_line(f"{type(error).__name__}: {error} (train.py)"))


def _hypothesis(text: str) -> str | None:
    """Return the string assigned to HYPOTHESIS at the top level, as one printable line."""
    hypothesis = find_hypothesis(ast.parse(text))
    return one_line(str(hypothesis.value), HYPOTHESIS_LENGTH) or None if hypothesis else None


def unread(source: TrainFile) -> Result:
    """Return the result of a file that cannot be run."""
    names = [(editable_only.NAME, CheckResult(False, source.reason))] if source.status is Status.REJECTED else []
    return Result(source, source.status, source.reason, findings=names)


@dataclass(slots=True)
class FoldWorkers:
    """Workers that fit and score files on one split of one table, each file within the budget."""

    problem: Problem
    runner: Runner
    budget: TaskBudget
    is_guarded: bool = True
    on_progress: Callable[[str], None] = lambda _text: None
    _batches: list[Batch] = field(default_factory=list)
    _plain: dict[str, list[FoldScores] | Failure] = field(default_factory=dict)

    def batches(self) -> list[Batch]:
        """Return the probe rows of each fold, which are the same for every experiment."""
        if not self._batches:
            units = perturb.measured_in(self.problem.X)
            for i, (_, val) in enumerate(self.problem.folds):
                rng = np.random.default_rng([self.problem.seed, 2, i])
                self._batches.append(perturb.build(self.problem, val, units, rng))
        return self._batches

    def fit_and_score(self, source: TrainFile, parts: Mapping[int, FitAndScore]) -> FoldRun:
        """Return the fits of a file in the order of the parts, each in a new process."""
        tasks = [self._task(source, part, rows) for part, rows in parts.items()]
        return FoldRun(self, source, parts, self.runner.start(tasks, self.budget))

    def _task(self, source: TrainFile, part: int, rows: FitAndScore) -> Task:
        problem = self.problem
        fit, y_fit, scored = rows
        blocks: list[pd.DataFrame | Part] = [problem.part(scored)]
        if part != TEST:
            blocks.append(self.batches()[part].X)  # probe rows of the leak checks, scored after the validation rows
        job = score_job(source.text, problem, fit, y_fit, blocks)
        return Task({**job, "guarded": self.is_guarded}, problem.score_bytes(sum(map(len, blocks))))

    def check(self, result: Result, *, refits: bool) -> Result:
        """Return the result with the findings of the leak checks; without a val_auc if one of them fails.

        `refits` includes the checks that fit the file again. No check runs after the first one that fails.
        """
        context, findings = self.context(result), []
        for check in CHECKS:
            if check.COST is Cost.REFIT and not refits:
                continue
            self.on_progress(check.NAME)
            finding = check.run(context)
            findings.append((check.NAME, finding))
            if finding.failure is not None:
                status = Status.TIMEOUT if finding.failure.is_timeout else Status.CRASHED
                reason = one_line(f"{check.NAME} {finding.evidence}", 500)
                if finding.failure.is_machine:  # its reason names the fits of the check before the machine
                    reason = MACHINE + finding.failure.reason.partition(MACHINE)[2]
                result = replace(result, status=status, reason=reason, val_auc=None)
                break
            if not finding.passed and check.NAME not in LOOKS:
                reason = describe_failure(check, finding)
                result = replace(result, status=Status.LEAK, reason=reason, val_auc=None)
                break
        return replace(result, findings=findings, checks_cpu_s=context.cpu_s)

    def context(self, result: Result) -> CheckContext:
        """Return the context in which the leak checks of this result run."""
        folds = []
        rows = zip(self.problem.folds, self.batches(), result.scores, result.probe_scores, strict=True)
        for (fit, val), batch, scores, probed in rows:
            if scores is not None and probed is not None:
                folds.append(FoldScores(fit, val, scores, batch, probed))
        return CheckContext(
            result.source.text,
            self.problem,
            folds,
            self.runner,
            self._check_budget(result),
            val_auc=np.nan if result.val_auc is None else result.val_auc,
            plain_budget=self.budget,
            plain=self._plain,
            is_guarded=self.is_guarded,
        )

    def _check_budget(self, result: Result) -> TaskBudget:
        """Return the budget of one check, so that a file that is slow only in the checks cannot delay the run."""
        cpu_s = min(self.budget.cpu_s, CHECK_CPU * result.cpu_s + CHECK_SLACK_S)
        wall_s = min(self.budget.wall_s, CHECK_CPU * result.cpu_s + CHECK_WALL_SLACK_S)
        return replace(self.budget, cpu_s=cpu_s, wall_s=wall_s)


class FoldRun:
    """The fits of one file: iterate over (part, scores) as they finish; leaving the context kills those that still run.

    The iteration ends early if a fit fails.
    """

    def __init__(
        self, workers: FoldWorkers, source: TrainFile, parts: Mapping[int, FitAndScore], running: RunningTasks
    ) -> None:
        self._workers, self._source, self._parts, self._running = workers, source, list(parts.items()), running
        self._scores: dict[int, Scores] = {}
        self._probe_scores: dict[int, Scores] = {}

    def __enter__(self) -> FoldRun:
        self._running.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        self._running.__exit__(*error)

    def __iter__(self) -> Iterator[tuple[int, Scores]]:
        problem, n_folds = self._workers.problem, len(self._workers.problem.folds)
        for n_done, (index, answer) in enumerate(self._running, start=1):
            self._workers.on_progress(f"fold {n_done}/{n_folds}" if n_done <= n_folds else "test fit")
            if answer.payload is None:
                return
            part, (_, _, rows) = self._parts[index]
            scores = problem.read(answer.payload)
            self._scores[part], self._probe_scores[part] = scores[: len(rows)], scores[len(rows) :]
            yield part, self._scores[part]

    def result(self, fold_aucs: Sequence[float | None], val_auc: float | None, bound: float | None = None) -> Result:
        """Return the result: these numbers, or the reason why a fit failed."""
        answers, folds = self._running.answers(), range(len(fold_aucs))
        failed, test = _failed(answers), answers[-1]
        result = Result(
            self._source,
            Status.OK,
            fold_aucs=fold_aucs,
            scores=[self._scores.get(fold) for fold in folds],
            probe_scores=[self._probe_scores.get(fold) for fold in folds],
            threshold=0.0 if test.is_decision else 0.5,
            cpu_s=sum(answer.cpu_s for answer in answers),
            peak_memory_mb=max((answer.peak_memory_mb for answer in answers), default=0.0) or None,
            log=next((answer.log for answer in answers if answer.log), ""),
        )
        if failed is not None:
            status = Status.TIMEOUT if failed.is_timeout else Status.CRASHED
            return replace(result, status=status, reason=failed.reason, log=failed.log or result.log)
        return replace(result, val_auc=val_auc, bound=bound, test_scores=self._scores.get(TEST))


def describe_failure(check: Check, finding: CheckResult) -> str:
    """Return the check, its evidence and the fix, as one line."""
    return one_line(f"{check.NAME}: {finding.evidence}. Fix: {finding.fix or check.FIX}", 500)


def _failed(answers: Sequence[Answer]) -> Answer | None:
    """Return the answer with the reason why an evaluation failed: a timeout first, then the first failed task."""
    failed = [answer for answer in answers if answer.payload is None and answer.reason not in {NOT_RUN, NOT_NEEDED}]
    return next((answer for answer in failed if answer.is_timeout), failed[0] if failed else None)
