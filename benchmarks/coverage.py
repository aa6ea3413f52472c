"""Print how often the reported intervals contain the true value, and how many keeps of each rule are false.

Run: uv run python benchmarks/coverage.py [-n RUNS] [-e EXPERIMENTS] [--data FILE.csv --target COLUMN]

Each run draws 303 rows from a large table, splits and folds 242 of them as prepare.py does, and ratchets through
experiments with the decision rules of the ratchet and the statistics of the harness. The rows that were not drawn give
the true AUC. There are three agents. `ideas` tries random models and columns, on a linear table and on a nonlinear one
with much to gain. `noise columns` adds three random columns to the baseline each time, so that there is nothing to
gain. `piled noise` adds them to the best so far, which only new rows can detect. A keep is false if the true AUC did
not rise. The tables are generated, with thirteen columns and 27 % positive.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"

import numpy as np
import sklearn
from small_tables import N_FOLDS, Draw, Idea, draws, logistic, made_up_table, random_idea, read_table

from harness.stats import bbc, conclude, nadeau_bengio, paired_val_auc_se
from ratchet.core.config import Config, Direction, Metric, Rule, Source
from ratchet.core.decision import is_confirmed, judge
from ratchet.core.records import Ending, Experiment, Measurement, Verdict

AUC = Metric(Source("val_auc"), Direction.MAXIMIZE)
CONFIG = Config(name="coverage", editable=("train.py",), run="", metrics=(AUC,))
RULES = (Rule.STRICT, Rule.CONFIRM, Rule.MARGIN)
FRESH = range(1_000_001, 1_000_005)  # partitions for the verdict, apart from those that rule confirm looks at


def walk(draw: Draw, ideas: Sequence[Idea], rule: Rule) -> list[Idea]:
    """Run the ratchet on the ideas by a rule; return the kept ones, the baseline first."""
    config, kept = replace(CONFIG, rule=rule), [ideas[0]]
    for n, idea in enumerate(ideas[1:], start=1):
        if is_kept(draw, idea, kept[-1], config, n):
            kept.append(idea)
    return kept


def is_kept(draw: Draw, idea: Idea, best: Idea, config: Config, n: int) -> bool:
    """Judge one experiment with the decision rule of the ratchet."""
    old, new = draw.val_auc(best), draw.val_auc(idea)
    if new <= old:
        return False
    error = paired_val_auc_se(*_pair(draw, best, idea))
    measured = Measurement(Ending.OK, {"val_auc": new}, delta_se=error)
    incumbent = Experiment(0, "", "", Verdict.BASELINE, metric=old, metrics={"val_auc": old})
    if judge(measured, [incumbent], config).verdict is not Verdict.KEEP:
        return False
    if config.rule is not Rule.CONFIRM:
        return True
    return is_confirmed(new - old, draw.val_auc(idea, n) - draw.val_auc(best, n), Direction.MAXIMIZE)


def _pair(draw: Draw, best: Idea, idea: Idea) -> tuple[Any, Any, Any, Any]:
    y, fold, scores = draw.out_of_fold([best, idea])
    return y, fold, scores[0], scores[1]


@dataclass(slots=True)
class Seen:
    """The result of one run."""

    naive: float
    true: float
    corrected: float | None = None
    is_inside: bool | None = None
    is_supported: bool = False


def look_back(draw: Draw, ideas: Sequence[Idea], winner: Idea) -> Seen:
    """Conclude on a strict run as `ratchet conclude` does, and compare with the true AUC."""
    base = ideas[0]
    seen = Seen(draw.val_auc(winner) - draw.val_auc(base), draw.true_auc(winner) - draw.true_auc(base))
    if winner is base:
        return seen
    gain = bbc(*draw.out_of_fold(ideas), rng=np.random.default_rng([draw.seed, 5]))
    differences = [b - a for k in FRESH for a, b in zip(*_both(draw, base, winner, k), strict=True)]
    n_test = len(draw.train) // N_FOLDS
    test = nadeau_bengio(differences, n_train=len(draw.train) - n_test, n_test=n_test)
    seen.is_supported = conclude(gain, test).word == "supported"
    if gain is not None:
        seen.corrected, seen.is_inside = gain.mean, gain.interval.low <= seen.true <= gain.interval.high
    return seen


def _both(draw: Draw, base: Idea, winner: Idea, partition: int) -> tuple[list[float], list[float]]:
    return draw.fold_aucs(base, partition), draw.fold_aucs(winner, partition)


def pile(draw: Draw, base: Idea, count: int) -> tuple[list[Idea], Idea]:
    """Add random columns to the best so far, step by step; return all ideas and the last kept one."""
    ideas, best = [base], base
    for n in range(1, count + 1):
        ideas.append(replace(base, noise=(*best.noise, n)))
        best = ideas[-1] if draw.val_auc(ideas[-1]) > draw.val_auc(best) else best
    return ideas, best


@dataclass(frozen=True, slots=True)
class Climb:
    """One rule on one run: keeps, false keeps, comparisons, and the true gain of the last keep."""

    kept: int
    false: int
    tried: int
    true_gain: float


def climb(draw: Draw, ideas: Sequence[Idea], kept: Sequence[Idea]) -> Climb:
    """Compare each keep with the true AUC."""
    true = [draw.true_auc(idea) for idea in kept]
    false = sum(new <= old for old, new in pairwise(true))
    return Climb(len(kept) - 1, false, len(ideas) - 1, true[-1] - true[0])


def one_run(agent: str, draw: Draw, count: int) -> tuple[Seen, dict[Rule, Climb]]:
    """Run one agent on one small table under every rule that fits it, and conclude on the strict run."""
    n_columns = draw.X.shape[1]
    base = Idea(logistic, tuple(range(n_columns)))
    if agent == "piled noise":
        ideas, winner = pile(draw, base, count)
        return look_back(draw, ideas, winner), {}
    rng = np.random.default_rng([draw.seed, 1])
    noise = agent == "noise columns"
    tries = [replace(base, noise=(n,)) if noise else random_idea(rng, n_columns) for n in range(1, count + 1)]
    kept = {rule: walk(draw, [base, *tries], rule) for rule in RULES}
    climbs = {rule: climb(draw, [base, *tries], ideas) for rule, ideas in kept.items()}
    return look_back(draw, [base, *tries], kept[Rule.STRICT][-1]), climbs


def spread(values: Sequence[float]) -> str:
    """Return a mean with its standard error."""
    error = np.std(values, ddof=1) / np.sqrt(len(values)) if len(values) > 1 else float("nan")
    return f"{np.mean(values):+.4f} ± {error:.4f}"


def show(agent: str, runs: Sequence[tuple[Seen, dict[Rule, Climb]]], count: int) -> None:
    """Print the results of the runs of one agent."""
    seen = [one for one, _ in runs]
    args = [one for one in seen if one.corrected is not None]
    print(f"\n{agent}: {len(runs)} runs of {count} experiments; {len(args)} kept something")
    print(f"  true gain of the winner   {spread([one.true for one in seen])}")
    print(f"  naive gain                {spread([one.naive for one in seen])}", end="")
    print(f"   off by {spread([one.naive - one.true for one in seen])}")
    if args:
        print(f"  corrected gain            {spread([one.corrected or 0.0 for one in args])}", end="")
        print(f"   off by {spread([(one.corrected or 0.0) - one.true for one in args])}")
        inside = sum(bool(one.is_inside) for one in args)
        print(f"  its 95 % interval         holds the true gain in {inside} of {len(args)} ({inside / len(args):.2f})")
    supported = [one for one in seen if one.is_supported]
    right = sum(one.true > 0 for one in supported)
    print(f"  `supported`               {len(supported)} of {len(seen)}; the gain is true in {right} of them")
    for rule in RULES:
        made = [climbs[rule] for _, climbs in runs if rule in climbs]
        if made:
            show_rule(rule, made)


def show_rule(rule: Rule, made: Sequence[Climb]) -> None:
    """Print the keeps of a rule, the false ones, and the true gain of its last keep."""
    kept, false, tried = (sum(getattr(one, name) for one in made) for name in ("kept", "false", "tried"))
    share = f"{false / kept:.2f}" if kept else "-"
    print(
        f"  rule {rule:<8} {kept / len(made):5.1f} kept a run, {false / len(made):4.1f} falsely ({share} of the keeps, "
        f"{false / tried:.3f} of the tries); true gain in the end {spread([one.true_gain for one in made])}"
    )


def main() -> None:
    """Make the runs of every agent and print their results."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("-n", type=int, default=100, help="runs of each agent")
    parser.add_argument("-e", type=int, default=50, help="experiments of each run")
    parser.add_argument("--data", type=Path, help="a large table to draw from (CSV), instead of the made-up one")
    parser.add_argument("--target", help="its column to foresee; the rarer class is the positive one")
    args = parser.parse_args()
    if (args.data is None) != (args.target is None):
        parser.error("--data and --target go together")
    warnings.simplefilter("ignore")
    sklearn.set_config(
        assume_finite=True, skip_parameter_validation=True
    )  # saves a third of the time of a fit this small
    plain = made_up_table(bend=0.2) if args.data is None else read_table(args.data, args.target)
    tables = {agent: plain for agent in ("ideas", "noise columns", "piled noise")}
    if args.data is None:
        tables["ideas where there is much to gain"] = made_up_table(bend=1.5)
    begun = time.process_time()
    for agent, (X, y) in tables.items():
        show(agent, [one_run(agent, draw, args.e) for draw in draws(X, y, args.n)], args.e)
    print(f"\n{len(plain[1])} rows to draw from, {N_FOLDS} folds, {time.process_time() - begun:.0f} CPU seconds")


if __name__ == "__main__":
    main()
