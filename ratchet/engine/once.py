"""Measure the worktree as it is, once: no commit, no journal, no decision.

What is measured is a copy of every file that git tracks or would track. Covered: the copy is removed, and no file of
the repository, no ref and no record of a run changes. Not covered: what the command itself writes elsewhere.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ratchet.core.config import Config
from ratchet.core.decision import limit_texts
from ratchet.core.evaluation import evaluate
from ratchet.core.output_parser import sealed_text
from ratchet.core.records import Ending, Experiment, Measurement, baseline, best
from ratchet.core.text import number_text
from ratchet.engine.measure import link, link_data, read_outcome, run_command
from ratchet.engine.trial import wall_limit
from ratchet.process import Echo, Outcome
from ratchet.repo import git
from ratchet.repo.run import STATE, Run, Worktree

LARGE_BYTES = 50_000_000
TAIL = 20  # lines of the output of a command that failed


@dataclass(frozen=True, slots=True)
class Reading:
    """One measurement of the worktree and how its command ended."""

    measured: Measurement
    outcome: Outcome

    @property
    def is_ok(self) -> bool:
        """The command ended well."""
        return self.measured.ending is Ending.OK


def measure_worktree(
    worktree: Worktree,
    history: Sequence[Experiment] = (),
    should_stop: Callable[[], bool] = lambda: False,
    *,
    echo: Echo | None = None,
) -> Reading:
    """Measure a copy of the worktree by the command of the config. Raises KeyboardInterrupt on a stop request."""
    state = worktree.repo.main_root / STATE
    is_new = not state.exists()
    state.mkdir(exist_ok=True)
    if is_new:
        (state / ".gitignore").write_text("*\n", "utf-8")  # for a command that asks git, while it lasts
    folder = Path(tempfile.mkdtemp(prefix="run-", dir=state))
    run, wall_s = Run(worktree, folder.name), wall_limit(worktree.config, history)
    try:
        place = copy_worktree(worktree, folder / "tree")
        outcome = run_command(run, worktree.config.run, place, should_stop, echo=echo, wall_s=wall_s)
        return Reading(read_outcome(run, outcome, place, should_stop, wall_s=wall_s), outcome)
    finally:
        shutil.rmtree(state if is_new else folder, ignore_errors=True)


def copy_worktree(worktree: Worktree, folder: Path) -> Path:
    """Copy the worktree into a folder, link ignored data into it, and return the folder of its config."""
    for name in git.present(worktree.repo):
        source, target = worktree.repo.root / name, folder / name
        if source.is_symlink() or source.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            _copy(source, target)
    place = folder / worktree.root.relative_to(worktree.repo.root)
    place.mkdir(parents=True, exist_ok=True)
    link_data(worktree, place)
    return place


def _copy(source: Path, target: Path) -> None:
    """Copy a file, or link one so large that it must be data."""
    if source.is_symlink() or source.stat().st_size <= LARGE_BYTES:
        shutil.copy2(source, target, follow_symlinks=False)
    else:
        link(source, target)


def reading_lines(reading: Reading, config: Config, history: Sequence[Experiment]) -> list[str]:
    """Return what was measured, for a person: every metric against baseline and best, and the constraints."""
    measured, outcome = reading.measured, reading.outcome
    how = "ok" if reading.is_ok else f"{measured.ending} ({measured.reason})"
    lines = [f"command: {config.run}", f"status: {how}, {outcome.wall_s:.2f} s"]
    references = _references(config, history)
    for metric in config.metrics:
        value = measured.numbers.get(metric.name)
        lines.append(f"{metric.name}: {number_text(value) or 'not found in the output'} ({metric.direction})")
        for name, numbers in references:
            old = numbers.get(metric.name)
            lines.append(f"  against {name} {number_text(old) or 'nan'}: {evaluate(value, old, metric.direction)}")
    lines += _constraint_lines(measured, config)
    return lines if reading.is_ok else [*lines, *_tail(outcome, config)]


def reading_data(reading: Reading, config: Config, history: Sequence[Experiment]) -> dict[str, object]:
    """Return what was measured, for a program."""
    numbers, metric = reading.measured.numbers, config.metric
    names = [source.name for source in config.sources if source not in config.audit]
    return {
        "status": str(reading.measured.ending),
        "reason": reading.measured.reason,
        "duration": reading.outcome.wall_s,
        "metrics": {name: numbers.get(name) for name in names},
        "violations": limit_texts(config.constraints, numbers, is_hard=True),
        "warnings": limit_texts(config.constraints, numbers, is_hard=False),
        "against": {
            name.split()[0]: str(evaluate(numbers.get(metric.name), old.get(metric.name), metric.direction))
            for name, old in _references(config, history)
        },
    }


def _references(config: Config, history: Sequence[Experiment]) -> list[tuple[str, Mapping[str, float | None]]]:
    """Return the baseline and the best to compare with, as far as they are known."""
    first, top = baseline(history), best(history)
    found: list[tuple[str, Mapping[str, float | None]]] = []
    if first is not None or config.baseline:
        found.append(("baseline", first.metrics if first else config.baseline))
    if top is not None and top is not first:
        found.append((f"best (iter {top.n})", top.metrics))
    return found


def _constraint_lines(measured: Measurement, config: Config) -> list[str]:
    lines = []
    for constraint in config.constraints:
        hard = limit_texts([constraint], measured.numbers, is_hard=True)
        soft = limit_texts([constraint], measured.numbers, is_hard=False)
        value = number_text(measured.numbers.get(constraint.name)) or "not found in the output"
        note = f"FAIL: {'; '.join(hard)}" if hard else f"warning: {'; '.join(soft)}" if soft else "ok"
        lines.append(f"{constraint.name}: {value}, {note}")
    return lines


def _tail(outcome: Outcome, config: Config) -> list[str]:
    """Return the end of the output of a failed command, without the lines of audit numbers."""
    stdout = sealed_text(outcome.stdout, config) if config.audit else outcome.stdout
    lines = [line for text in (stdout, outcome.stderr) for line in text.splitlines() if line.strip()]
    return [f"| {line}" for line in lines[-TAIL:]]
