"""The frozen harness: reads the table, splits it, and turns a train.py into one number, val_auc.

    uv run prepare.py                           show the table, audit it, evaluate the baseline once
    uv run prepare.py train.py                  evaluate a file: this is what the ratchet runs and believes
    uv run prepare.py --check train.py          run every leak check on a file
    uv run prepare.py --csv FILE --target COL   evaluate on another table from now on

train.py never runs in this process. Each fold is a fresh worker process, locked down by a sandbox: it gets rows with
labels to fit on, then rows without labels, and gives back scores. The labels of the rows it scores stay here.
"""

from __future__ import annotations

import sys

if __name__ == "__main__":
    sys.path.append(sys.path.pop(0))  # from here on a numpy.py dropped beside this file shadows no library

import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

import click
import numpy as np
from sklearn.metrics import accuracy_score, f1_score

from harness import cli, server
from harness.data.split import folds, train_test
from harness.data.table import Table
from harness.early_stopping import Target, is_unlikely
from harness.evaluate import TEST, FoldWorkers, Result, Status, TrainFile, read_file, unread
from harness.harness import Harness, Rules, open_harness
from harness.output import Lines, number, one_line, render
from harness.problem import Problem
from harness.stats import auc, val_auc_se
from harness.workers.pool import Runner, TaskBudget

ROOT = Path(__file__).resolve().parent
SEED = 42
TEST_SIZE = 0.20  # share of the rows held out to the end: audit only, never drives a decision
N_FOLDS = 5  # stratified folds of the other 80 %
CPU_BUDGET_S = 180.0  # CPU seconds of all folds and the test fit together
WALL_LIMIT_S = 900.0  # backstop: a file that sleeps uses no CPU
MEMORY_LIMIT_MB = 4096  # of each worker
DISK_LIMIT_MB = 256  # of each worker, in its own temporary folder
N_WORKERS = min(os.cpu_count() or 1, N_FOLDS + 1)  # at a time, one thread each; no number depends on how many
DIGITS = 6  # of val_auc: what is compared is what is printed
EXIT_STATUS = {Status.OK: 0, Status.TIMEOUT: 2, Status.CRASHED: 3, Status.REJECTED: 4, Status.LEAK: 4}


def split(table: Table, partition: int = 0) -> Problem:
    """Hold out the test rows, and cut the others into folds. Partition 0 is the one that decides."""
    train, test = train_test(table, test_size=TEST_SIZE, seed=SEED)
    parts = folds(table, train, n_folds=N_FOLDS, seed=SEED, partition=partition)
    return Problem(X=table.X, y=table.y, train=train, test=test, folds=parts, seed=SEED)


def evaluate(
    file: TrainFile | str,
    workers: FoldWorkers | None = None,
    *,
    target: Target | None = None,
    refits: bool | None = None,
) -> Result:
    """Cross-validate one train.py, score it on the held-out rows, and run the leak checks.

    Parameters
    ----------
    file : TrainFile or str
        What to evaluate; a path where train.py itself calls this as its last line.
    workers : FoldWorkers or None
        The split table with the processes that fit and score.
    target : Target or None
        The val_auc to exceed. Folds are left out once it is out of reach.
    refits : bool or None
        Whether the leak checks that fit the file again are made; by default only if the file exceeds the target.
    """
    if workers is None or isinstance(file, str):
        hand_over(str(file))
    if file.status is not Status.OK:
        return unread(file)
    problem = workers.problem
    parts = {}  # what goes to each worker: rows to fit on, their labels, rows to score without theirs
    for fold in (target and target.order) or range(len(problem.folds)):
        fit, val = problem.folds[fold]
        parts[fold] = (fit, problem.y[fit], val)
    parts[TEST] = (problem.train, problem.y[problem.train], problem.test)
    fold_aucs: list[float | None] = [None] * len(problem.folds)
    with workers.fit_and_score(file, parts) as run:
        for part, scores in run:  # as the workers finish; the order changes no number
            if part != TEST:
                _, val = problem.folds[part]
                fold_aucs[part] = auc(problem.y[val], scores)
            if cannot_exceed(target, fold_aucs):
                break
    if None in fold_aucs:  # stopped early, or a fit failed
        return run.result(fold_aucs, val_auc=None, bound=best_possible(fold_aucs))
    val_auc = mean_auc(fold_aucs)
    result = run.result(fold_aucs, val_auc)
    if result.val_auc is None:  # the fit for the held-out rows failed
        return result
    return workers.check(result, refits=is_winner(target, val_auc) if refits is None else refits)


def mean_auc(fold_aucs: Sequence[float | None]) -> float:
    """Return val_auc: the mean AUC of the folds, rounded as it is printed. NaN if one was not measured."""
    return round(float(np.mean([np.nan if value is None else value for value in fold_aucs])), DIGITS)


def best_possible(fold_aucs: Sequence[float | None]) -> float:
    """Return the val_auc that comes out if every fold that is left has an AUC of 1.0.

    Rounding, sums and quotients of floats never fall when a summand grows, so this bound is exact.
    """
    return mean_auc([1.0 if value is None else value for value in fold_aucs])


def cannot_exceed(target: Target | None, fold_aucs: Sequence[float | None]) -> bool:
    """Whether folds are left to run, and nothing that they bring can lift val_auc above the target."""
    if target is None or not target.stop_early or None not in fold_aucs:
        return False
    return best_possible(fold_aucs) <= target.beat or (target.rival is not None and is_unlikely(fold_aucs, target))


def is_winner(target: Target | None, val_auc: float) -> bool:
    """Whether the ratchet would keep a file with this val_auc: strictly more than the best so far."""
    return target is None or val_auc > target.beat


def hand_over(path: str) -> NoReturn:
    """Replace this process by `prepare.py PATH`: it has run train.py, so no number it computes can be believed."""
    arguments = [sys.executable, str(ROOT / "prepare.py"), str(Path(path).resolve())]
    if os.name == "nt":  # there exec returns to the shell at once
        os._exit(os.spawnv(os.P_WAIT, sys.executable, [f'"{argument}"' for argument in arguments]))
    os.execv(sys.executable, arguments)


def score_test(result: Result, problem: Problem) -> dict[str, float | None]:
    """Return AUC, accuracy and F1 on the held-out rows: for the audit, never for a decision."""
    scores, y = result.test_scores, problem.y[problem.test]
    if result.val_auc is None or scores is None:
        return dict.fromkeys(("test_auc", "test_acc", "test_f1"))
    predicted = result.predict(scores)
    average = "binary" if problem.n_classes == 2 else "macro"
    return {
        "test_auc": auc(y, scores),
        "test_acc": float(accuracy_score(y, predicted)),
        "test_f1": float(f1_score(y, predicted, average=average, zero_division=0.0)),
    }


def lines(result: Result, problem: Problem, fingerprint: str, wall_s: float) -> Lines:
    """Return the printed lines by name: always all of them, in this order; None where not measured."""
    fold_aucs = [None] * len(problem.folds) if result.val_auc is None else result.fold_aucs
    is_checked = result.is_ok and result.bound is None  # a crash is not checked to the end, nor what was stopped early
    return {
        "hypothesis": result.source.hypothesis,
        "val_auc": result.val_auc,
        "val_auc_se": None if result.val_auc is None else val_auc_se(*problem.out_of_fold(result.scores)),
        "fold_aucs": ",".join(number(value) for value in fold_aucs),
        **score_test(result, problem),
        "cpu_time_s": round(result.cpu_s, 2),
        "wall_time_s": round(wall_s, 2),
        "peak_memory_mb": result.peak_memory_mb,
        "cv_folds": str(len(problem.folds)),
        "leaks": ",".join(result.leaks) or ("none" if is_checked else None),
        "fingerprint": fingerprint,
        "status": describe_status(result),
    }


def describe_status(result: Result) -> str:
    """Return the status word, and the reason on the same line."""
    if result.bound is not None:
        return f"ok (stopped early: val_auc can reach {number(result.bound)} at most)"
    return f"{result.status} ({one_line(result.reason, 500)})" if result.reason else str(result.status)


RULES = Rules(
    root=ROOT,
    test_size=TEST_SIZE,
    split=split,
    evaluate=evaluate,
    mean_auc=mean_auc,
    lines=lines,
    exit_status=lambda result: EXIT_STATUS[result.status],
    budget=TaskBudget(CPU_BUDGET_S, WALL_LIMIT_S, MEMORY_LIMIT_MB, DISK_LIMIT_MB),
)


def run_file(harness: Harness, path: Path) -> int:
    """Evaluate a file, print its lines on stdout and its own prints on stderr, and return the exit status."""
    begun = time.perf_counter()
    result = evaluate(read_file(path), harness.workers())
    printed = lines(result, harness.workers().problem, harness.fingerprint, time.perf_counter() - begun)
    click.echo(render(printed), nl=False)
    for line in result.log.splitlines():
        cli.say(f"train.py| {one_line(line)}")
    return EXIT_STATUS[result.status]


@click.command(params=cli.PARAMETERS, context_settings={"help_option_names": ["-h", "--help"]})
def main(
    file: Path | None,
    *,
    is_check: bool,
    is_audit: bool,
    is_profile: bool,
    is_json: bool,
    is_serve: bool,
    **options: Any,
) -> None:
    """Prepare the table, or evaluate FILE.

    Example: uv run prepare.py train.py | grep '^val_auc:'
    """
    if is_serve:
        sys.exit(server.serve(RULES, N_WORKERS, read=sys.stdin, write=sys.stdout))
    with cli.user_errors():
        if not cli.take_table_in(RULES, options):
            return
        if is_audit or is_profile:
            cli.write_profile(RULES, file) if is_profile else cli.show_audit(RULES, is_json=is_json)
            return
        is_table_shown = file is None and not is_check
        if is_table_shown:
            cli.show_table(RULES)
        path = cli.check_readable(file or ROOT / "train.py")
        with Runner(N_WORKERS) as runner:
            harness = open_harness(RULES, runner, cli.progress())
            cli.say(f"sandbox: {harness.sandbox}")
            status = cli.check(harness, path) if is_check else run_file(harness, path)
        if is_table_shown:
            cli.say_next(options)
        sys.exit(status)


if __name__ == "__main__":
    main()
