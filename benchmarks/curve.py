"""The figure of the comparison: mean test AUC against CPU seconds."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from benchmarks.standings import Cell, common_keys, standings

ORDER = ("logreg", "flaml", "autogluon", "ratchet", "committee")


def draw(cells: Sequence[Cell], path: Path) -> None:
    """Draw each method's curve with a bar of one standard error, over the splits that all have at all budgets."""
    from matplotlib.figure import Figure

    budgets = sorted({cell.budget_s for cell in cells})
    if not budgets:
        return
    by_budget = {budget: [cell for cell in cells if cell.budget_s == budget] for budget in budgets}
    keys = set.intersection(*(set(common_keys(some)) for some in by_budget.values()))
    ranked = {
        budget: {line.method: line.test for line in standings(c for c in some if (c.table, c.split) in keys)}
        for budget, some in by_budget.items()
    }
    figure = Figure(figsize=(7, 4.5), layout="constrained")
    axes = figure.add_subplot()
    for at, method in enumerate(ORDER):
        points = [(budget, ranked[budget][method]) for budget in budgets if method in ranked[budget]]
        if points:
            x = [budget * 1.02 ** (at - 2) for budget, _ in points]  # a little apart, so that no bar hides another
            errors = [point.se or 0.0 for _, point in points]
            axes.errorbar(x, [point.value for _, point in points], yerr=errors, marker="o", capsize=3, label=method)
    axes.set_xscale("log")
    axes.set_xticks(budgets, [f"{budget:g}" for budget in budgets])
    axes.set_xticks([], minor=True)
    axes.set_xlabel("CPU seconds of the whole process tree")
    axes.set_ylabel("mean test AUC")
    axes.set_title(f"{len({table for table, _ in keys})} tables, {len(keys)} splits; bars: one standard error")
    figure.legend(loc="outside lower center", ncols=len(ORDER))
    figure.savefig(path, dpi=120)
