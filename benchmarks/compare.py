"""Compare the built-in researcher with logistic regression, FLAML and AutoGluon at equal CPU seconds.

Run: uv run python benchmarks/compare.py --data FOLDER --budgets 5 15 60 --splits 8
AutoGluon needs other package versions, so it gets an environment of its own (Linux, Python 3.11); options as above:
  uv run --isolated --no-project -p 3.11 --with-requirements benchmarks/autogluon.txt python benchmarks/compare.py

Every method gets the same splits, one core, and the same CPU seconds of its whole process tree. Leak checks and final
fits count; importing the libraries and reading the table do not. The ratchet runs once for all budgets and has two
results: `ratchet`, the single winner, and `committee`. Measured cells are not measured again, so that the same command
resumes a stopped comparison. `--placebo` shuffles the labels of the training rows. Then nothing can be learned,
and the gain in val AUC is the winner's curse.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[0] = str(ROOT)  # not this folder, whose table.py would shadow other modules

from benchmarks.curve import draw
from benchmarks.ledger import ANSWERS, Job, Ledger, jobs, parse, to_cells
from benchmarks.pages import report
from benchmarks.splits import find_tables
from harness.errors import UserError
from harness.workers.launcher import ONE_THREAD
from ratchet import process
from ratchet.process import Budget

METHODS = ("logreg", "flaml", "autogluon", "ratchet")


def run(job: Job, ledger: Ledger) -> str:
    """Run a job in its own process tree and add its cells; return 'done' or what went wrong."""
    budgets = [f"{budget:g}" for budget in job.budgets]
    script, path = str(ROOT / "benchmarks/contenders.py"), str(job.entry.path.resolve())
    command = [sys.executable, script, job.method, path, job.entry.target, str(job.split), *budgets]
    env = {**os.environ, **dict.fromkeys(ONE_THREAD, "1"), "PYTHONHASHSEED": "0"}
    limit = Budget(wall_s=600 + 20 * max(job.budgets))
    keys = job.keys()  # taken before it runs, since the code may be edited meanwhile
    outcome = process.run(command + ["--placebo"] * job.is_placebo, cwd=ROOT, env=env, budget=limit)
    rows = [row for row in map(parse, outcome.stdout.splitlines()) if row.get("test") is not None]
    found = {(row["method"], row["budget_s"]): row for row in rows}
    for key in keys:
        row = found.get((key["method"], key["budget_s"]))
        if row and not ledger.has(key):
            ledger.add({**row, **key})
    if len(found) == len(keys):
        return "done"
    message = outcome.stderr.strip().splitlines()
    return f"FAILED: {message[-1] if message else outcome.stopped_by or outcome.exit_code}"


def measure(args: argparse.Namespace, ledger: Ledger) -> None:
    """Measure every missing cell."""
    entries = find_tables(args.data, args.target)
    wanted = jobs(entries, args.methods, args.budgets, args.splits, is_placebo=args.placebo)
    waiting = [job for job in wanted if not all(map(ledger.has, job.keys()))]
    for n, job in enumerate(waiting, 1):
        print(f"{n}/{len(waiting)} {job}: {run(job, ledger)}", file=sys.stderr, flush=True)


def show(args: argparse.Namespace, ledger: Ledger) -> None:
    """Print the tables, and write them and the figure to the folder of the cells."""
    wanted = {answer for method in args.methods for answer in ANSWERS.get(method, (method,))}
    rows = [row for row in ledger.rows if row["placebo"] == args.placebo and row["method"] in wanted]
    rows = [row for row in rows if row["split"] < args.splits]
    text = report(rows, args.budgets, is_placebo=args.placebo)
    print(text)
    if rows:
        path = args.out.with_name(args.out.stem + "_placebo" * args.placebo)
        path.with_suffix(".txt").write_text(text + "\n", encoding="utf-8")
        draw(to_cells(rows, args.budgets), path.with_suffix(".png"))


def read_options() -> argparse.Namespace:
    """Read the command line; a method that is not installed is left out with a warning."""
    opening, rest = (__doc__ or "\n\n").split("\n\n", 1)
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=opening, epilog=rest, formatter_class=form)
    parser.add_argument("--data", type=Path, help="a folder of CSV files")
    parser.add_argument("--target", default="", help="column; else target.toml, README.md, 'target', or the last one")
    parser.add_argument("--budgets", type=float, nargs="+", default=[5.0, 15.0, 60.0], help="CPU seconds")
    parser.add_argument("--splits", type=int, default=8, help="splits of each table")
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=list(METHODS))
    parser.add_argument("--placebo", action="store_true", help="shuffle the labels of the training rows")
    parser.add_argument(
        "--out", type=Path, default=ROOT / "benchmarks/results/compare.jsonl", help="one line for each cell"
    )
    parser.add_argument("--show", action="store_true", help="show the measured cells without measuring")
    args = parser.parse_args()
    if not args.show and args.data is None:
        parser.error("--data: no folder of CSV files is given. Name one, or use --show.")
    if "autogluon" in args.methods and not args.show and importlib.util.find_spec("autogluon") is None:
        print("autogluon: not installed, left out (see --help)", file=sys.stderr)
        args.methods = [method for method in args.methods if method != "autogluon"]
    return args


def main() -> None:
    """Measure the missing cells, then show all."""
    args = read_options()
    ledger = Ledger(args.out)
    try:
        if not args.show:
            measure(args, ledger)
    except UserError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        print("stopped; the same command resumes", file=sys.stderr)
    show(args, ledger)


if __name__ == "__main__":
    main()
