"""The frozen harness: reads the table, splits it, measures a train.py, prints what came of it.

    uv run prepare.py                           show the table, audit it, run the baseline once
    uv run prepare.py train.py                  measure a file: this is what the ratchet runs and believes
    uv run prepare.py --check train.py          run every leak check on a file
    uv run prepare.py --csv FILE --target COL   measure another table from now on

train.py never runs in this process. Each fold, and the final test fit, is a new locked-down process that gets rows, and
the labels of the rows it learns from; it gives back scores. Labels that are held out stay here, where the scoring is.
"""

from __future__ import annotations

import sys

from harness.errors import UserError  # settles which harness: the one beside this file

if __name__ == "__main__":
    sys.path.append(sys.path.pop(0))  # from here on a numpy.py dropped beside this file shadows no library

import json
import math
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import click
from sklearn.metrics import accuracy_score, f1_score

from harness import archive, fingerprint, server
from harness.audit import Finding as AuditFinding
from harness.audit import audit, render
from harness.leaks import CHECKS, LOOKS, Finding
from harness.measure import Bench, Measurement
from harness.problem import Problem, Scores
from harness.rival import Known, find_rival
from harness.runner import Budget, Runner, one_line
from harness.sandbox.level import probe_level
from harness.split import describe_split, folds, train_test
from harness.statistics import auc, folds_won, paired_val_auc_se, val_auc_se
from harness.studies import STUDIES
from harness.tables.dataset import Table, content_hash, describe, read_card, read_table
from harness.tables.intake import infer, reset, write
from harness.tables.wishes import intake_options, make_wishes
from harness.trainfile import Status, check_readable, read_file

ROOT = Path(__file__).resolve().parent
SEED = 42
TEST_SIZE = 0.20  # share of the rows held out to the end: audit only, never drives a decision
N_FOLDS = 5  # stratified folds of the other 80 %
CPU_BUDGET_S = 180.0  # CPU seconds of all folds and the test fit together
WALL_LIMIT_S = 900.0  # backstop: a file that sleeps uses no CPU
MEMORY_LIMIT_MB = 4096  # of each process
DISK_LIMIT_MB = 256  # of each process, on its own temporary disk
LANES = min(os.cpu_count() or 1, N_FOLDS + 1)  # folds side by side, one thread each; no number depends on how many
EXIT_STATUS = {Status.OK: 0, Status.TIMEOUT: 2, Status.CRASHED: 3, Status.REJECTED: 4, Status.LEAK: 4}


def evaluate(file: str) -> None:
    """Measure the running train.py by handing over to a new process: this one has run train.py already."""
    arguments = [sys.executable, str(ROOT / "prepare.py"), str(Path(file).resolve())]
    if os.name == "nt":  # there exec returns to the shell at once
        os._exit(os.spawnv(os.P_WAIT, sys.executable, [f'"{argument}"' for argument in arguments]))
    os.execv(sys.executable, arguments)


def split(table: Table, partition: int = 0) -> Problem:
    """Hold out the test rows, and cut the others into folds. Partition 0 is the one that decides."""
    train, test = train_test(table, test_size=TEST_SIZE, seed=SEED)
    parts = folds(table, train, n_folds=N_FOLDS, seed=SEED, partition=partition)
    return Problem(X=table.X, y=table.y, train=train, test=test, folds=parts, seed=SEED)


@dataclass(slots=True)
class Harness:
    """A table, split, with warm processes to measure on it."""

    table: Table
    runner: Runner
    sandbox: str
    parts: dict[str, str]
    on_progress: Callable[[str], None]
    benches: dict[int, Bench] = field(default_factory=dict)  # each keeps its probe rows: they are the same every time
    known: Known = field(default_factory=dict)  # fold AUCs of what was measured before

    @property
    def fingerprint(self) -> str:
        """Eight characters that name everything but train.py that a number depends on."""
        return fingerprint.shorten(self.parts)

    def bench(self, partition: int = 0) -> Bench:
        """Return the place where one partition of the rows is measured."""
        if partition not in self.benches:
            budget = Budget(CPU_BUDGET_S, WALL_LIMIT_S, MEMORY_LIMIT_MB, DISK_LIMIT_MB)
            problem = split(self.table, partition)
            self.benches[partition] = Bench(problem, self.runner, budget, on_progress=self.on_progress)
        return self.benches[partition]

    def audit(self) -> list[AuditFinding]:
        """Look at the table for leaks, with the split that is in force."""
        return audit(self.table, test_size=TEST_SIZE, seed=SEED)


def open_harness(runner: Runner, on_progress: Callable[[str], None]) -> Harness:
    """Read the card and the table, start the warm processes, and find out what the sandbox enforces.

    Raises
    ------
    TableError
        There is no table, or it cannot be cut into folds: no train.py can help that, so nothing is measured.
    """
    card = read_card(ROOT)
    runner.warm_up()  # the libraries are imported while the table is read
    table = read_table(ROOT, card)
    level = probe_level(runner, ROOT / "prepare.py")
    parts = fingerprint.collect(
        ROOT, table=content_hash(table), card=(ROOT / "data/dataset.toml").read_text(), sandbox=level
    )
    harness = Harness(table, runner, level, parts, on_progress)
    harness.bench()
    return harness


def judge_test(measured: Measurement, problem: Problem) -> dict[str, float | None]:
    """Return AUC, accuracy and F1 on the held-out rows: for the audit, never for a decision."""
    scores, y = measured.test_scores, problem.y[problem.test]
    if not measured.is_ok or scores is None:
        return dict.fromkeys(("test_auc", "test_acc", "test_f1"))
    guess = measured.predict(scores)
    average = "binary" if problem.n_classes == 2 else "macro"
    return {
        "test_auc": auc(y, scores),
        "test_acc": float(accuracy_score(y, guess)),
        "test_f1": float(f1_score(y, guess, average=average, zero_division=0.0)),
    }


def block(measured: Measurement, problem: Problem, *, wall_s: float, name: str) -> list[str]:
    """Return the lines of the contract: always all of them, always in this order, nan where not measured."""
    is_measured = measured.val_auc is not None
    spread = val_auc_se(*problem.out_of_fold(measured.scores)) if is_measured else None
    aucs = measured.fold_aucs if is_measured else [None] * len(problem.folds)
    test = judge_test(measured, problem)
    return [
        f"hypothesis: {measured.source.hypothesis or 'nan'}",
        f"val_auc: {number(measured.val_auc)}",
        f"val_auc_se: {number(spread.value if spread else None)}",
        f"fold_aucs: {','.join(number(value) for value in aucs)}",
        *(f"{metric}: {number(value)}" for metric, value in test.items()),
        f"cpu_time_s: {measured.cpu_s:.2f}",
        f"wall_time_s: {wall_s:.2f}",
        f"peak_memory_mb: {number(measured.peak_memory_mb, 0)}",
        f"cv_folds: {len(problem.folds)}",
        f"leaks: {','.join(measured.leaks) or 'none'}",
        f"fingerprint: {name}",
        f"status: {describe_status(measured)}",
    ]


def describe_status(measured: Measurement) -> str:
    """Return the status word, and the reason on the same line."""
    if measured.bound is not None:
        return f"ok (stopped early: val_auc can reach {number(measured.bound)} at most)"
    return f"{measured.status} ({one_line(measured.reason, 500)})" if measured.reason else str(measured.status)


def number(value: float | None, digits: int = 6) -> str:
    """Return a number for a line of the contract; nan where there is none, never 0."""
    return "nan" if value is None or not math.isfinite(value) else f"{value:.{digits}f}"


def read_best(problem: Problem, request: server.Request) -> list[Scores] | None:
    """Return the out-of-fold scores of the best so far, if they were kept."""
    if request.best is None or request.store is None:
        return None
    return archive.load(request.store, read_file(request.best).text, len(problem.folds))


def evidence(measured: Measurement, problem: Problem, best: list[Scores] | None) -> dict[str, Any]:
    """Return what the ratchet shows beside its decision: the paired standard error, and the folds that were won."""
    told: dict[str, Any] = {
        "bound": measured.bound,
        "look": next(
            (f"{name}: {one.evidence}" for name, one in measured.findings if name in LOOKS and not one.passed), ""
        ),
        "checks_cpu_s": round(measured.checks_cpu_s, 3),
        "log": measured.log,
    }
    if measured.val_auc is None or best is None:
        return told
    y, fold, ours = problem.out_of_fold(measured.scores)
    error = paired_val_auc_se(y, fold, ours, problem.out_of_fold(best)[2])
    won = folds_won(measured.fold_aucs, problem.fold_aucs(best))
    return told | {"delta_se": error.value if error else None, "folds_won": won}


def answer(harness: Harness, request: server.Request | server.Ask) -> dict[str, Any]:
    """Measure the file of one request: the printed lines, the exit status, the evidence. Or make a study."""
    if isinstance(request, server.Ask):
        return study(harness, request)
    begun, bench = time.perf_counter(), harness.bench(request.partition)
    problem, best = bench.problem, read_best(bench.problem, request)
    order, is_lossy = problem.hardest_first(best) if best else (), request.stop_early == server.LIKELY
    measured = bench.measure(
        read_file(request.file, request.best),
        beat=request.beat,
        stop_early=bool(request.stop_early),
        rival=find_rival(request.store, problem, best, harness.known) if is_lossy and best and request.store else None,
        order=order,
        refits=False if request.partition else None,  # a fresh partition confirms a number; the file was checked before
    )
    if measured.val_auc is not None and request.store is not None and request.partition == 0:
        test = None if request.is_sealed else measured.test_scores  # with the table beside them, scores are a number
        archive.save(request.store, measured.source.text, measured.scores, test)
    lines = block(measured, problem, wall_s=time.perf_counter() - begun, name=harness.fingerprint)
    told = {"exit": EXIT_STATUS[measured.status], "stdout": "\n".join(lines) + "\n"}
    return told | {"extra": evidence(measured, problem, best)}


def study(harness: Harness, ask: server.Ask) -> dict[str, Any]:
    """Answer a question about a whole run: how much of its climb is real, what its winner says of new rows."""
    if ask.name not in STUDIES:
        return {"error": f"ask: expected one of {', '.join(STUDIES)}, got {ask.name}"}
    try:
        return {"answer": STUDIES[ask.name](harness, ask.fields)}
    except UserError as error:
        return {"error": one_line(str(error), 1000)}


def measure(harness: Harness, path: Path) -> int:
    """Measure a file, print its lines on stdout and its own prints on stderr, and return the exit status."""
    told = answer(harness, server.Request(path))
    click.echo(told["stdout"], nl=False)
    for line in told["extra"]["log"].splitlines():
        say(f"train.py| {one_line(line)}")
    return int(told["exit"])


def check(harness: Harness, path: Path) -> int:
    """Run every leak check by hand and print a table; 4 when one fails."""
    bench = harness.bench()
    measured = bench.measure(read_file(path), refits=True)
    findings = dict(measured.findings)
    for one in CHECKS:
        finding = findings.get(one.NAME)
        word = describe_finding(one.NAME, finding)
        click.echo(f"{one.NAME:<22}{word:<9}{finding.evidence if finding else 'catches ' + one.CATCHES}")
        if word in {"FAILED", "look"}:
            click.echo(f"{'':<31}Fix: {one.FIX}")
    if not measured.is_ok and not measured.leaks:
        click.echo(f"status: {describe_status(measured)}")
    return EXIT_STATUS[measured.status]


def describe_finding(name: str, finding: Finding | None) -> str:
    """Return the word for what a check came to."""
    if finding is None:
        return "not run"
    if finding.failure is not None:
        return "not seen"
    return "ok" if finding.passed else "look" if name in LOOKS else "FAILED"


def serve(harness: Harness) -> int:
    """Answer the requests of a ratchet loop until it hangs up."""
    hello = {"ready": True, "fingerprint": harness.fingerprint, "parts": harness.parts, "sandbox": harness.sandbox}
    hello |= {"asks": list(STUDIES)}
    server.serve(hello, lambda request: answer(harness, request), read=sys.stdin, write=sys.stdout)
    return 0


def show_progress(text: str) -> None:
    """Show on a terminal what is running now; in a pipe or a log it would only be in the way."""
    if sys.stderr.isatty():
        click.echo(f"\r{text:<40}\r", err=True, nl=False)


def say(text: str) -> None:
    """Talk to the person: on stderr, so that stdout holds the lines of the contract alone."""
    click.echo(text, err=True)


@contextmanager
def user_errors(*, is_serve: bool) -> Iterator[None]:
    """End with one clear line, and status 1, for a mistake that the user can put right."""
    try:
        yield
    except UserError as error:
        if is_serve:
            server.send(sys.stdout, {"error": one_line(str(error), 1000)})
        click.echo(str(error), err=True)
        sys.exit(1)


def take_in(options: dict[str, Any]) -> bool:
    """Do what the options ask for the table: take another one in, or return to the default. False for a dry run."""
    wishes = make_wishes(options)
    if options["reset"]:
        reset(ROOT)
        say(f"back to the default table: {read_card(ROOT).name}")
    if wishes is None:
        return True
    found = infer(ROOT, wishes)
    for note in found.notes:
        say(note)
    split(found.table)  # one that cannot be cut is refused before it is shown, or takes the place of another
    if options["dry_run"]:
        show_table(found.table)
        return False
    write(ROOT, found)
    return True


def show_table(table: Table) -> None:
    """Show the card, the split that is in force, and what the audit found."""
    say(describe(table, describe_split(table, test_size=TEST_SIZE, n_folds=N_FOLDS)))
    say(render(audit(table, test_size=TEST_SIZE, seed=SEED)))


def show_audit(*, is_json: bool) -> None:
    """Print the audit of the table: as text, or as JSON."""
    findings = audit(read_table(ROOT, read_card(ROOT)), test_size=TEST_SIZE, seed=SEED)
    click.echo(
        json.dumps([asdict(finding) for finding in findings], indent=2) if is_json else render(findings), nl=is_json
    )


def prepare(*, is_new: bool) -> int:
    """Show the table, measure the baseline once, and say what comes next: another table asks for another run."""
    show_table(read_table(ROOT, read_card(ROOT)))
    with Runner(LANES) as runner:
        harness = open_harness(runner, show_progress)
        say(f"sandbox: {harness.sandbox}")
        status = measure(harness, ROOT / "train.py")
    say(f"next: uv run ratchet {'start NAME, then uv run ratchet ' if is_new else ''}loop -n 8")
    return status


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--check", "is_check", is_flag=True, help="Run every leak check on FILE and show them as a table.")
@click.option("--audit", "is_audit", is_flag=True, help="Look at the table for leaks before anything is trained.")
@click.option("--json", "is_json", is_flag=True, help="With --audit: print JSON.")
@click.option("--serve", "is_serve", is_flag=True, hidden=True, help="Answer requests on standard input.")
@intake_options
def main(file: Path | None, *, is_check: bool, is_audit: bool, is_json: bool, is_serve: bool, **options: Any) -> None:
    """Prepare the table, or measure FILE.

    Example: uv run prepare.py train.py | grep '^val_auc:'
    """
    with user_errors(is_serve=is_serve):
        if not take_in(options):
            return
        if is_audit:
            show_audit(is_json=is_json)
        elif is_serve or is_check or file is not None:
            sys.exit(work(file or ROOT / "train.py", is_check=is_check, is_serve=is_serve))
        else:
            sys.exit(prepare(is_new=options["reset"] or any(options[name] for name in ("csv", "source"))))


def work(file: Path, *, is_check: bool, is_serve: bool) -> int:
    """Open the harness and measure, check or serve. Raises UserError where there is no file to measure."""
    if not is_serve:
        check_readable(file)
    with Runner(LANES) as runner:
        if is_serve:
            return serve(open_harness(runner, lambda text: server.send(sys.stdout, {"progress": text})))
        harness = open_harness(runner, show_progress)
        say(f"sandbox: {harness.sandbox}")
        return check(harness, file) if is_check else measure(harness, file)


if __name__ == "__main__":
    main()
