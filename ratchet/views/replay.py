"""Walk through a recorded run: each experiment as it stood before its verdict, a guess, what happened. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ratchet.core.config import Metric
from ratchet.core.records import Experiment, Verdict, one_line
from ratchet.core.text import experiment_line, folds_text

DIFF_LINES = 80


@dataclass(frozen=True, slots=True)
class Guess:
    """What somebody said of an experiment before its verdict; None where they passed."""

    n: int
    is_keep: bool | None
    was_kept: bool

    @property
    def is_right(self) -> bool:
        """It came as they said."""
        return self.is_keep is self.was_kept


def to_guess(history: Sequence[Experiment]) -> list[Experiment]:
    """Return the experiments whose verdict can be guessed: all but the baseline."""
    return [experiment for experiment in history if experiment.verdict is not Verdict.BASELINE]


def question_lines(experiment: Experiment, best: Experiment | None, metric: Metric, patch: str) -> list[str]:
    """Return what is known before the verdict: the number to beat, the hypothesis, the edit."""
    bar = "" if best is None or best.metric is None else f" | to beat: {metric.name}={best.metric:.4f} (iter {best.n})"
    hypothesis = one_line(experiment.hypothesis) or "(no hypothesis)"
    return [f"── iter {experiment.n}{bar}", f"   {hypothesis}", *patch_lines(patch)]


def answer_lines(experiment: Experiment, metrics: Sequence[Metric]) -> list[str]:
    """Return the verdict with its evidence."""
    won = folds_text(experiment)
    return [experiment_line(experiment, metrics) + (f" | folds won: {won}" if won else "")]


def patch_lines(patch: str) -> list[str]:
    """Return a patch for the screen: its head left out, every line printable, a long one cut with a word."""
    lines = [printable(line) for line in patch.split("\n")]
    start = next((i for i, line in enumerate(lines) if line.startswith("@@")), 0)
    body = [line for line in lines[start:] if line]
    cut = len(body) - DIFF_LINES
    return [f"   {line}" for line in body[:DIFF_LINES]] + ([f"   … {cut} more lines"] if cut > 0 else [])


def printable(line: str, limit: int = 160) -> str:
    """Return a line without control characters, which a file may hold to paint over the screen; indents stay."""
    safe = "".join(letter if letter.isprintable() else " " for letter in line.replace("\t", "    ")).rstrip()
    return safe if len(safe) <= limit else f"{safe[: limit - 1]}…"


def score_lines(guesses: Sequence[Guess]) -> list[str]:
    """Return how well somebody guessed, against one who always says drop; nothing where nobody guessed."""
    made = [guess for guess in guesses if guess.is_keep is not None]
    if not made:
        return []
    right, drops = sum(guess.is_right for guess in made), sum(not guess.was_kept for guess in made)
    kept = [guess for guess in made if guess.was_kept]
    found = sum(guess.is_right for guess in kept)
    word = "better than" if right > drops else "level with" if right == drops else "worse than"
    return [
        f"{right} of {len(made)} right; always saying drop: {drops} of {len(made)}. That is {word} always drop.",
        f"of the {len(kept)} that were kept you saw {found} coming" if kept else "none of them was kept",
    ]
