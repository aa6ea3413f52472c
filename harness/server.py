"""Evaluate one file after another over standard input and output: JSON lines, one request, one answer.

The loop of a run keeps one such process, so that the libraries are imported and the table is read once. An answer holds
the lines that `uv run prepare.py FILE` prints, their numbers, and the evidence beside the decision.
"""

from __future__ import annotations

import json
import time
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from harness import score_store
from harness.analyses import ANALYSES
from harness.checks import LOOKS
from harness.early_stopping import Target, find_rival
from harness.errors import UserError
from harness.evaluate import Result
from harness.harness import Harness
from harness.lines import numbers, render
from harness.problem import Problem, Scores
from harness.stats import folds_won, paired_val_auc_se
from harness.trainfile import read_file
from harness.workers.pool import one_line

LIKELY = "likely"  # the lossy rule for stopping early


@dataclass(frozen=True, slots=True)
class Request:
    """What the ratchet asks for: a file, the best so far, what must be beaten, where scores are kept, which partition.

    With `stop_early`, folds that can no longer lead above `beat` are not run; LIKELY adds those that hardly can. With
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
    """A question about a whole run: the name of a study, and what it needs to know."""

    name: str
    fields: Mapping[str, Any]


Answer = Mapping[str, Any]


def serve(harness: Harness, *, read: TextIO, write: TextIO) -> None:
    """Say what the harness is, then answer each line until the input ends."""
    hello = {"ready": True, "fingerprint": harness.fingerprint, "parts": harness.parts, "sandbox": harness.sandbox}
    send(write, {**hello, "asks": list(ANALYSES)})
    for line in read:
        send(write, answer_line(harness, line))


def answer_line(harness: Harness, line: str) -> Answer:
    """Answer one line; a request that makes no sense, or a mistake of ours, is an answer too."""
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
    """Evaluate the file of a request: the printed lines, the exit status, the evidence. Or make a study."""
    if isinstance(request, Ask):
        return analysis(harness, request)
    begun, workers, rules = time.perf_counter(), harness.workers(request.partition), harness.rules
    best = _best_scores(workers.problem, request)
    result = rules.evaluate(
        read_file(request.file, request.best),
        workers,
        target=_target(harness, workers.problem, request, best),
        refits=False if request.partition else None,  # a fresh partition confirms a number; the file was checked before
    )
    if result.val_auc is not None and request.store is not None and request.partition == 0:
        test = None if request.is_sealed else result.test_scores  # with the table beside them, scores are a number
        score_store.save(request.store, result.source.text, result.scores, test)
    lines = rules.lines(result, workers.problem, harness.fingerprint, time.perf_counter() - begun)
    return {
        "exit": rules.exit_status(result),
        "numbers": numbers(lines),
        "stdout": render(lines),
        "extra": evidence(result, workers.problem, best),
    }


def analysis(harness: Harness, ask: Ask) -> Answer:
    """Answer a question about a whole run: how much of its climb is real, what its winner says of new rows."""
    if ask.name not in ANALYSES:
        return {"error": f"ask: expected one of {', '.join(ANALYSES)}, got {ask.name}"}
    try:
        return {"answer": ANALYSES[ask.name](harness, ask.fields)}
    except UserError as error:
        return {"error": one_line(str(error), 1000)}


def evidence(result: Result, problem: Problem, best: list[Scores] | None) -> dict[str, Any]:
    """Return what the ratchet shows beside its decision: the paired standard error, and the folds that were won."""
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
    return shown | {"delta_se": error.value if error else None, "folds_won": won}


def _best_scores(problem: Problem, request: Request) -> list[Scores] | None:
    """Return the out-of-fold scores of the best so far, if they were kept: they are of partition 0."""
    if request.best is None or request.store is None or request.partition:
        return None
    return score_store.load(request.store, read_file(request.best).text, len(problem.folds))


def _target(harness: Harness, problem: Problem, request: Request, best: list[Scores] | None) -> Target | None:
    """Return what the file has to exceed; None where nothing was measured before."""
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
        raise ValueError('expected {"file": PATH, …}')
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
    raise ValueError(f"stop_early: expected true, false or {LIKELY!r}, got {value!r}")


def send(write: TextIO, message: Answer) -> None:
    """Write one line, at once."""
    write.write(json.dumps(message) + "\n")
    write.flush()
