"""The figure of a climb for a slide or a README, drawn with matplotlib: the one place that loads it.

In the field's own style: a dot an experiment, what was dropped in grey, a green staircase of what was kept, with words.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ratchet.core.records import Experiment, Verdict, one_line
from ratchet.core.text import number_text
from ratchet.core.trajectory import Climb, Mark, ticks
from ratchet.errors import RatchetError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SUFFIXES = (".png", ".svg", ".pdf")
SIZE_INCHES, DOTS_PER_INCH = (12.0, 6.0), 150
KEPT, DROPPED, FAILED, INK, FLOOR = "#15803d", "#9aa4b2", "#b3362c", "#334155", "#8a5a00"
PLACEBOS = ("#2563eb", "#c026d3", "#0e7490")
LABEL_CHARS = 46
RAIL = 0.04  # spans of the plot below it where the failed stand, and as much again below them
MAX_LABELS = 16  # beyond that many words nobody reads any
APART = 1.0 / 34  # of the width: two labels closer than this would lie on each other
LABEL_SLANT, LABEL_POINTS = 35.0, 9.0  # degrees, and the size of the letters
LETTER_INCHES = 0.56 * LABEL_POINTS / 72  # the width of a letter, about
DASH = 5.0  # points; of several placebos each is drawn where the others leave a gap
PLOT_INCHES = 4.6  # the height of the plot with the words above it, about


def save(climb: Climb, history: Sequence[Experiment], title: str, target: Path) -> None:
    """Write the figure; the suffix says the format. Raises RatchetError where it cannot be written."""
    if target.suffix.lower() not in SUFFIXES:
        raise RatchetError(f"--png: expected a name that ends in {', '.join(SUFFIXES)}, got {target.name}. Rename it.")
    from matplotlib import rc_context

    with rc_context({"text.parse_math": False, "svg.hashsalt": "ratchet", "font.size": 11}):  # a $ is a dollar
        figure = draw(climb, history, title)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            figure.savefig(target, dpi=DOTS_PER_INCH, metadata=_undated(target))
        except OSError as error:
            raise RatchetError(f"{target}: expected to write the figure, got: {error.strerror}.") from None


def draw(climb: Climb, history: Sequence[Experiment], title: str) -> Figure:
    """Return the figure, with a canvas to render it on."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=SIZE_INCHES, layout="constrained")
    FigureCanvasAgg(figure)
    _draw(figure.subplots(), climb, history)
    figure.suptitle(title, x=0.02, ha="left", fontweight="bold", color=INK)  # above the tallest of the labels
    if climb.dots:
        figure.legend(loc="outside lower center", ncols=5, frameon=False, fontsize=9, handlelength=3)
    return figure


def headline(history: Sequence[Experiment], name: str) -> str:
    """Return the title of the figure: which run, how many experiments, how many kept."""
    tried, kept = (sum(old.n > 0 for old in history), sum(old.verdict is Verdict.KEEP for old in history))
    return f"{one_line(name)}: {tried} experiment{'' if tried == 1 else 's'}, {kept} kept"


def label_spots(xs: Sequence[float], apart: float) -> list[float]:
    """Return where labels at these places stand so that each is `apart` from the next; the order stays."""
    placed: list[float] = []
    for x in xs:
        placed.append(max(x, placed[-1] + apart) if placed else x)
    return placed


def chosen_labels(climb: Climb, limit: int = MAX_LABELS) -> list[tuple[int, float]]:
    """Return the steps that get words, (n, value): all of a few, the largest of many."""
    steps = [
        (n, value, abs(value - before)) for (_, before), (n, value) in zip(climb.steps, climb.steps[1:], strict=False)
    ]
    largest = sorted(steps, key=lambda step: -step[2])[:limit]
    return sorted((n, value) for n, value, _ in largest)


def label_of(hypothesis: str) -> str:
    """Return the idea of a hypothesis without its reason: `X should help because Y` is X."""
    return one_line(re.split(r" should | because ", one_line(hypothesis))[0], LABEL_CHARS)


def headroom(labels: Sequence[str]) -> float:
    """Return the space that slanted labels need above a plot, as a share of the height of the plot."""
    inches = max(map(len, labels), default=0) * LETTER_INCHES * math.sin(math.radians(LABEL_SLANT))
    share = min(0.6, inches / PLOT_INCHES)
    return share / (1 - share) + 0.05


def _draw(axes: Axes, climb: Climb, history: Sequence[Experiment]) -> None:
    from matplotlib.ticker import MaxNLocator

    _band(axes, climb)
    _dots(axes, climb)
    words = {old.n: label_of(old.hypothesis) for old in history if old.verdict is Verdict.KEEP}
    labels = [(n, value) for n, value in chosen_labels(climb) if words.get(n)]
    span = climb.high - climb.low
    axes.set_ylim(climb.low - 2 * RAIL * span, climb.high + headroom([words[n] for n, _ in labels]) * span)
    axes.set_yticks(ticks(climb.low, climb.high, 5))
    axes.spines["left"].set_bounds(climb.low - 2 * RAIL * span, climb.high)
    axes.set_xlim(-0.02 * max(1, climb.last_n) - 0.3, max(1, climb.last_n) * 1.02 + 0.3)
    _labels(axes, climb, labels, words)
    axes.set_xlabel("experiment")
    axes.set_ylabel(f"{climb.name} ({'higher' if climb.is_up else 'lower'} is better)")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, steps=[1, 2, 5, 10]))
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", color="#e2e8f0", linewidth=0.8)
    axes.set_axisbelow(True)


def _band(axes: Axes, climb: Climb) -> None:
    if not climb.steps:
        return
    ns = [*(n for n, _ in climb.steps), climb.last_n]
    values = [*(value for _, value in climb.steps), climb.steps[-1][1]]
    if climb.noise is not None:
        low, high = ([climb.clamp(value + side * climb.noise) for value in values] for side in (-1, 1))
        axes.fill_between(
            ns, low, high, step="post", color=KEPT, alpha=0.10, linewidth=0, label="noise of one difference"
        )
    axes.step(ns, values, where="post", color=KEPT, linewidth=2.2, label="best so far", zorder=3)
    if climb.baseline is not None:
        label = f"baseline {number_text(climb.baseline)}"
        axes.axhline(climb.baseline, color=INK, linewidth=1, linestyle=(0, (1, 2)), label=label)
    if climb.floor is not None:
        axes.axhline(climb.clamp(climb.floor), color=FLOOR, linewidth=1.2, linestyle="--", label="noise floor")
    turns = max(2, len(climb.placebos))
    for place, placebo in enumerate(climb.placebos):
        shown = [climb.clamp(value) for value in placebo.bests[: climb.last_n + 1]]
        axes.plot(
            range(len(shown)),
            shown,
            color=PLACEBOS[place % len(PLACEBOS)],
            linewidth=1.5,
            linestyle=(place * DASH, (DASH, (turns - 1) * DASH)),  # in turn, where they lie on each other
            drawstyle="steps-post",
            label=f"placebo: {one_line(placebo.name, 30)}",
        )


def _dots(axes: Axes, climb: Climb) -> None:
    size = 26 if climb.last_n <= 300 else 7
    looks: Mapping[tuple[Mark, ...], dict[str, Any]] = {
        (Mark.DROPPED,): {"color": DROPPED, "s": size, "label": "discarded", "zorder": 2},
        (Mark.STOPPED,): {
            "facecolor": "none",
            "edgecolor": DROPPED,
            "s": size,
            "label": "stopped early",
            "marker": "v",
        },
        (Mark.KEPT, Mark.BASELINE): {
            "color": KEPT,
            "s": 2.2 * size,
            "edgecolor": "white",
            "label": "kept",
            "zorder": 4,
        },
    }
    for marks, look in looks.items():
        found = [(dot.n, climb.clamp(dot.value)) for dot in climb.dots if dot.mark in marks and dot.value is not None]
        if found:
            axes.scatter(*zip(*found, strict=True), **look)
    failed = [dot.n for dot in climb.dots if dot.mark is Mark.FAILED]
    if failed:
        look = {"color": FAILED, "marker": "x", "s": size, "label": "failed", "zorder": 2}
        axes.scatter(failed, [climb.low - RAIL * (climb.high - climb.low)] * len(failed), **look)


def _labels(axes: Axes, climb: Climb, labels: Sequence[tuple[int, float]], words: Mapping[int, str]) -> None:
    """Write the kept ideas aslant above the plot, each tied to its dot."""
    left, right = axes.get_xlim()
    apart = APART * (right - left)
    spots = label_spots([n for n, _ in labels], apart)
    overhang = max(0.0, spots[-1] - climb.last_n) if spots else 0.0
    rail = climb.high + 0.03 * (climb.high - climb.low)
    for (n, value), x in zip(labels, label_spots([spot - overhang for spot in spots], apart), strict=True):
        axes.plot([n, x], [value, rail], color=KEPT, linewidth=0.6, alpha=0.45, zorder=1)
        axes.text(
            x,
            rail,
            words[n],
            rotation=LABEL_SLANT,
            ha="left",
            va="bottom",
            rotation_mode="anchor",
            fontsize=LABEL_POINTS,
            color=INK,
        )


def _undated(target: Path) -> dict[str, Any] | None:
    """Return metadata without a date, so that the same run gives the same file."""
    return {".svg": {"Date": None}, ".pdf": {"CreationDate": None}}.get(target.suffix.lower())
