"""Answer requests on standard input with answers on standard output, one JSON object per line.

A run keeps one such process, so the libraries are imported and the table is read once. An answer holds the lines that
`uv run prepare.py FILE` prints, their numbers, and the evidence for the decision.
"""

from __future__ import annotations

import json
import sys
import time
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from harness import score_store
from harness.analyses import ANALYSES, find_analysis
from harness.checks import LOOKS
from harness.early_stopping import Target, find_rival
from harness.errors import UserError
from harness.evaluate import Result, read_file
from harness.harness import Harness, Rules, open_harness
from harness.output import numbers, one_line, render
from harness.problem import Problem, Scores
from harness.stats import folds_won, paired_val_auc_se
from harness.workers.pool import Runner

LIKELY = "likely"  # the lossy rule of early stopping


@dataclass(frozen=True, slots=True)
class Request:
    """A file to evaluate, the best so far, the val_auc to beat, the score store, and the partition.

    With `stop_early`, folds are skipped once val_auc cannot exceed `beat`; LIKELY skips them once it hardly can. With
    `is_sealed`, scores of the held-out rows are not stored.
    """

    file: Path
    best: Path | None = None
    beat: float | None = None
    stop_early: bool | str = True
    store: Path | None = None
    partition: int = 0
    is_sealed: bool = False


@dataclass(frozen=True, slots=True)
class Ask:
    """The request of an analysis: its name and its fields."""

    name: str
    fields: Mapping[str, Any]


Answer = Mapping[str, Any]


def serve(rules: Rules, n_workers: int, *, read: TextIO, write: TextIO) -> int:
    """Open the harness and answer each line until the input ends. Return 1 after an error that the user can fix."""
    try:
        with Runner(n_workers) as runner:
            harness = open_harness(rules, runner, lambda text: send(write, {"progress": text}))
            answer_lines(harness, read=read, write=write)
    except UserError as error:
        send(write, {"error": one_line(str(error), 1000)})
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def answer_lines(harness: Harness, *, read: TextIO, write: TextIO) -> None:
    """Send the fingerprint and the known analyses, then answer each line until the input ends."""
    hello = {"ready": True, "fingerprint": harness.fingerprint, "parts": harness.parts, "sandbox": harness.sandbox}
    send(write, {**hello, "asks": list(ANALYSES)})
    for line in read:
        send(write, answer_line(harness, line))


def answer_line(harness: Harness, line: str) -> Answer:
    """Answer one line; an invalid request, or a bug in its evaluation, is answered with an error."""
    try:
        request = parse(line)
    except (ValueError, TypeError, RecursionError) as error:
        return {"error": f"request: {error}"}
    try:
        return answer(harness, request)
    except (KeyError, TypeError, ValueError) as error:
        traceback.print_exc()
        return {"error": f"request: {type(error).__name__}: {error}"}


def answer(harness: Harness, request: Request | Ask) -> Answer:
    """Return an analysis, or evaluate a file: its printed lines, exit status and evidence."""
    if isinstance(request, Ask):
        return analysis(harness, request)
    begun, workers, rules = time.perf_counter(), harness.workers(request.partition), harness.rules
    best = _best_scores(workers.problem, request)
    result = rules.evaluate(
        read_file(request.file, request.best),
        workers,
        target=_target(harness, workers.problem, request, best),
        refits=False if request.partition else None,  # on a fresh partition the file was checked before
    )
    if result.val_auc is not None and request.store is not None and request.partition == 0:
        test = (
            None if request.is_sealed else result.test_scores
        )  # with the labels in the table they would reveal test_auc
        score_store.save(request.store, result.source.text, result.scores, test)
    lines = rules.lines(result, workers.problem, harness.fingerprint, time.perf_counter() - begun)
    return {
        "exit": rules.exit_status(result),
        "numbers": numbers(lines),
        "stdout": render(lines),
        "extra": evidence(result, workers.problem, best),
    }


def analysis(harness: Harness, ask: Ask) -> Answer:
    """Return the answer of an analysis of a whole run, or an error."""
    if ask.name not in ANALYSES:
        return {"error": f"ask: no analysis {ask.name!r}. Known are {', '.join(ANALYSES)}."}
    try:
        return {"answer": find_analysis(ask.name)(harness, ask.fields)}
    except UserError as error:
        return {"error": one_line(str(error), 1000)}


def evidence(result: Result, problem: Problem, best: list[Scores] | None) -> dict[str, Any]:
    """Return the evidence for the decision: among others the paired standard error and the folds won."""
    looks = (f"{name}: {one.evidence}" for name, one in result.findings if name in LOOKS and not one.passed)
    shown: dict[str, Any] = {
        "bound": result.bound,
        "look": next(looks, ""),
        "checks_cpu_s": round(result.checks_cpu_s, 3),
        "log": result.log,
    }
    if result.val_auc is None or best is None:
        return shown
    y, fold, ours = problem.out_of_fold(result.scores)
    error = paired_val_auc_se(y, fold, ours, problem.out_of_fold(best)[2])
    won = folds_won(result.fold_aucs, problem.fold_aucs(best))
    return shown | {"delta_se": error, "folds_won": won}


def _best_scores(problem: Problem, request: Request) -> list[Scores] | None:
    """Return the stored out-of-fold scores of the best so far; only those of partition 0 are stored."""
    if request.best is None or request.store is None or request.partition:
        return None
    return score_store.load(request.store, read_file(request.best).text, len(problem.folds))


def _target(harness: Harness, problem: Problem, request: Request, best: list[Scores] | None) -> Target | None:
    """Return what the file has to exceed; None for a first file."""
    if request.beat is None:
        return None
    if best is None or request.store is None:
        return Target(request.beat, stop_early=bool(request.stop_early))
    rival = find_rival(request.store, problem, best, harness.known) if request.stop_early == LIKELY else None
    return Target(request.beat, problem.hardest_first(best), bool(request.stop_early), rival)


def parse(line: str) -> Request | Ask:
    """Read a request. Raises ValueError."""
    fields = json.loads(line)
    if isinstance(fields, dict) and "ask" in fields:
        return Ask(str(fields["ask"]), fields)
    if not isinstance(fields, dict) or "file" not in fields:
        raise ValueError('it must be {"file": PATH, …} or {"ask": NAME, …}')
    paths = {name: Path(fields[name]) for name in ("best", "store") if fields.get(name)}
    beat = fields.get("beat")
    return Request(
        Path(fields["file"]),
        beat=None if beat is None else float(beat),
        stop_early=_stop_early(fields.get("stop_early", True)),
        partition=int(fields.get("partition") or 0),
        is_sealed=bool(fields.get("sealed")),
        **paths,
    )


def _stop_early(value: object) -> bool | str:
    if isinstance(value, bool) or value == LIKELY:
        return value
    raise ValueError(f"stop_early is {value!r}, but must be true, false or {LIKELY!r}")


def send(write: TextIO, message: Answer) -> None:
    """Write one line and flush it."""
    write.write(json.dumps(message) + "\n")
    write.flush()
