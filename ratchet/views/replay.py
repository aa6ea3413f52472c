"""Texts of `ratchet replay`: each experiment before its verdict, the verdict, and the score of the guesses. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ratchet.core.config import Metric
from ratchet.core.records import Experiment, Verdict, one_line
from ratchet.core.text import experiment_line, folds_text

DIFF_LINES = 80


@dataclass(frozen=True, slots=True)
class Guess:
    """A guess about an experiment before its verdict is shown. `is_keep` is None if it was skipped."""

    n: int
    is_keep: bool | None
    was_kept: bool

    @property
    def is_right(self) -> bool:
        """The guess matches the verdict."""
        return self.is_keep is self.was_kept


def to_guess(history: Sequence[Experiment]) -> list[Experiment]:
    """Return the experiments whose verdict can be guessed: all but the baseline."""
    return [experiment for experiment in history if experiment.verdict is not Verdict.BASELINE]


def question_lines(experiment: Experiment, best: Experiment | None, metric: Metric, patch: str) -> list[str]:
    """Return what is known before the verdict: the metric to beat, the hypothesis and the edit."""
    bar = "" if best is None or best.metric is None else f" | to beat: {metric.name}={best.metric:.4f} (iter {best.n})"
    hypothesis = one_line(experiment.hypothesis) or "(no hypothesis)"
    return [f"── iter {experiment.n}{bar}", f"   {hypothesis}", *patch_lines(patch)]


def answer_lines(experiment: Experiment, metrics: Sequence[Metric]) -> list[str]:
    """Return the verdict with its evidence."""
    won = folds_text(experiment)
    return [experiment_line(experiment, metrics) + (f" | folds won: {won}" if won else "")]


def patch_lines(patch: str) -> list[str]:
    """Return a patch for the terminal: without its header, every line printable, at most `DIFF_LINES` lines."""
    lines = [printable(line) for line in patch.split("\n")]
    start = next((i for i, line in enumerate(lines) if line.startswith("@@")), 0)
    body = [line for line in lines[start:] if line]
    cut = len(body) - DIFF_LINES
    return [f"   {line}" for line in body[:DIFF_LINES]] + ([f"   … {cut} more lines"] if cut > 0 else [])


def printable(line: str, limit: int = 160) -> str:
    """Return a line without control characters, with which a file could overwrite the terminal; indents stay."""
    safe = "".join(letter if letter.isprintable() else " " for letter in line.replace("\t", "    ")).rstrip()
    return safe if len(safe) <= limit else f"{safe[: limit - 1]}…"


def score_lines(guesses: Sequence[Guess]) -> list[str]:
    """Return the score of the guesses beside that of always answering drop; nothing without a guess."""
    made = [guess for guess in guesses if guess.is_keep is not None]
    if not made:
        return []
    right, drops = sum(guess.is_right for guess in made), sum(not guess.was_kept for guess in made)
    kept = [guess for guess in made if guess.was_kept]
    found = sum(guess.is_right for guess in kept)
    word = "better than" if right > drops else "equal to" if right == drops else "worse than"
    return [
        f"{right} of {len(made)} right, {word} always answering drop ({drops} of {len(made)})",
        f"of {len(kept)} kept experiments you recognised {found}" if kept else "no experiment was kept",
    ]
