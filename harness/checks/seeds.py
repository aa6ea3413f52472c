"""Test whether val_auc depends on the seeds of a file: it is fitted with other seeds in their place.

A gain that rests on an idea survives another draw of the seeds. A gain that rests on seeds picked out of thousands on
these very rows does not, and nothing else shows it: the file holds no label.

Covered: whole numbers passed as a seed (`random_state=7`, `default_rng(7)`), directly, by a name or in a loop over a
list. Not covered: seeds that are computed, or constants that have the effect of one.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from statistics import fmean, stdev

import numpy as np
from scipy.stats import t as student

from harness.checks.base import Failure
from harness.checks.context import CheckContext
from harness.checks.names import defaults

N_DRAWS, MIN_DRAWS = 8, 4
N_COMPARED = 100  # experiments that an honest run may compare before it keeps one
LEAD = 0.01  # val_auc above the plain models; below it other seeds are not worth 40 fits
LEVEL = 0.05  # one-sided, shared among all experiments that were compared
LEAST = 0.005  # val_auc; a smaller part of a gain may be the spread of a seed that hardly matters
MAX_SEED = 2**31 - 1
NAMES = re.compile(r"(^|_)(seeds?|random_states?|random_seeds?)($|_)", re.IGNORECASE)
CALLS = frozenset({"RandomState", "default_rng", "SeedSequence", "Random", "seed"})


@dataclass(frozen=True, slots=True)
class SeedDraws:
    """val_auc with the winner's own seeds and with other ones; `n_compared` is how many experiments it won against."""

    own: float
    others: Sequence[float]
    n_compared: int

    @property
    def gain(self) -> float:
        """How far the own seeds lie above the mean of the others."""
        return self.own - fmean(self.others)

    @property
    def chance(self) -> float:
        """Return the probability that one more draw lies this far above the others, by Student's t."""
        spread = stdev(self.others) * (1 + 1 / len(self.others)) ** 0.5
        return float(student.sf(self.gain / spread, len(self.others) - 1)) if spread else float(self.gain <= 0)

    @property
    def is_picked(self) -> bool:
        """Whether the seeds gain more than the best of all compared experiments would by chance."""
        return self.gain >= LEAST and self.chance * max(1, self.n_compared) < LEVEL

    def __str__(self) -> str:
        """Return the result in one sentence."""
        verdict = (
            f"its seeds are worth {self.gain:+.4f}, more than chance explains; they were picked on these rows"
            if self.is_picked
            else f"its seeds are worth {self.gain:+.4f}, no more than chance explains"
        )
        return (
            f"val_auc {self.own:.4f} with its own seeds, {fmean(self.others):.4f} ± {stdev(self.others):.4f} "
            f"with {len(self.others)} other draws: {verdict}"
        )


def find(context: CheckContext) -> SeedDraws | Failure | None:
    """Fit a file with other seeds; None where it has none, a Failure where it cannot be fitted with others."""
    try:
        texts = list(draws(context.source, context.problem.seed, 11))
    except RecursionError:  # how deep a nesting is read depends on how deep the reader stands in its own calls
        return Failure("train.py is nested too deeply to exchange its seeds")
    others: list[float] = []
    for text in texts:
        scored = context.refit(context.folds, source=text)
        if isinstance(scored, Failure):  # a file must not pass by failing with seeds that are not its own
            return replace(scored, reason=f"with other seeds: {scored.reason}")
        others.append(context.auc_of(scored))
    return SeedDraws(context.val_auc, others, N_COMPARED) if others else None


def draws(text: str, *seed: int) -> Iterator[str]:
    """Yield the file with N_DRAWS draws of other seeds; nothing where it has none. Raises RecursionError."""
    for draw in range(N_DRAWS):
        exchanged = exchange_seeds(text, np.random.default_rng([*seed, draw]))
        if exchanged is not None:
            yield exchanged


def exchange_seeds(text: str, rng: np.random.Generator) -> str | None:
    """Return the file with another number for each seed, the same one wherever it stands; None where it has no seed."""
    seeds = sorted(_seeds(ast.parse(text)), key=lambda node: (node.lineno, node.col_offset))
    new: dict[object, int] = {}
    lines = [line.encode() for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n")]
    for node in seeds:
        new.setdefault(node.value, int(rng.integers(MAX_SEED)))
    for node in reversed(seeds):  # in the text, not by ast.unparse: that fails on expressions nested very deeply
        line, number = lines[node.lineno - 1], str(new[node.value]).encode()
        lines[node.lineno - 1] = line[: node.col_offset] + number + line[node.end_col_offset :]
    return b"\n".join(lines).decode() if seeds else None


def _seeds(tree: ast.Module) -> list[ast.Constant]:
    """Return the whole numbers that are used as seeds, and those bound to names that are."""
    values = [value for node in ast.walk(tree) for value in _seed_values(node)]
    names = {name for value in values for name in _names(value)}
    bindings = [binding for node in ast.walk(tree) for binding in _bindings(node)]
    for _ in bindings:  # a name may stand for another name, as in `for seed in SEEDS`
        reached = {value.id for name, value in bindings if name in names and isinstance(value, ast.Name)}
        if reached <= names:
            break
        names |= reached
    values += [value for name, value in bindings if name in names or NAMES.search(name)]
    return list({id(node): node for value in values for node in _numbers(value)}.values())


def _seed_values(node: ast.AST) -> Iterator[ast.expr]:
    match node:
        case ast.keyword(arg=str(name), value=value) if NAMES.search(name):
            yield value
        case ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name), args=arguments) if name in CALLS:
            yield from arguments
        case ast.Dict(keys=keys, values=values):
            for key, value in zip(keys, values, strict=True):
                if isinstance(key, ast.Constant) and isinstance(key.value, str) and NAMES.search(key.value):
                    yield value


def _bindings(node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    """Yield the names that a node binds, each with what it is bound to: assignments, loops, default values."""
    match node:
        case ast.Assign(targets=targets, value=value):
            for target in targets:
                yield from _pairs(target, value)
        case ast.AnnAssign(target=target, value=ast.expr() as value) | ast.NamedExpr(target=target, value=value):
            yield from _pairs(target, value)
        case ast.For(target=target, iter=value) | ast.comprehension(target=target, iter=value):
            for part in value.args if isinstance(value, ast.Call) else [value]:  # enumerate(SEEDS), zip(SEEDS, NAMES)
                yield from ((name, part) for name in _names(target))
        case ast.arguments():
            yield from defaults(node)


def _pairs(target: ast.expr, value: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    match target, value:
        case ((ast.Tuple(elts=names) | ast.List(elts=names)), ast.Tuple(elts=values)) if len(names) == len(values):
            for one, other in zip(names, values, strict=True):
                yield from _pairs(one, other)
        case _:
            yield from ((name, value) for name in _names(target))


def _names(node: ast.AST) -> set[str]:
    """Return the names in an expression; an attribute counts by its last name, as in `self.seed`."""
    found = {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}
    return found | {one.attr for one in ast.walk(node) if isinstance(one, ast.Attribute)}


def _numbers(value: ast.expr) -> Iterator[ast.Constant]:
    """Yield the whole numbers of a constant, a list or a tuple."""
    for node in value.elts if isinstance(value, ast.List | ast.Tuple) else [value]:
        if isinstance(node, ast.Constant) and type(node.value) is int:
            yield node
