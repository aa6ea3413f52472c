"""The figure of a climb for a slide or a README, drawn with matplotlib. No other module imports matplotlib.

One dot for each experiment, grey if it was dropped, and a green staircase of the kept experiments with their
hypotheses.
"""

from __future__ import annotations

import importlib.util
import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ratchet.core.records import Experiment, Verdict, one_line
from ratchet.core.text import number_text
from ratchet.core.trajectory import Climb, Mark, ticks
from ratchet.errors import RatchetError
from ratchet.repo.files import check_ours
from ratchet.views.axes import best_line, placebo_line

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SUFFIXES = (".png", ".svg", ".pdf")
SIZE_INCHES, DOTS_PER_INCH = (12.0, 6.0), 150
KEPT, DROPPED, FAILED, INK, FLOOR = "#15803d", "#9aa4b2", "#b3362c", "#334155", "#8a5a00"
PLACEBOS = ("#2563eb", "#c026d3", "#0e7490")
LABEL_CHARS = 46
RAIL = 0.04  # share of the plot height; failed experiments are drawn this far below the plot
MAX_LABELS = 16  # more labels than this are too crowded to read
APART = 1.0 / 34  # share of the width; labels closer than this would overlap
LABEL_SLANT, LABEL_POINTS = 35.0, 9.0  # degrees, and the font size
LETTER_INCHES = 0.56 * LABEL_POINTS / 72  # approximate width of a character
MARK = b"ratchet plot"  # in the metadata of our figures
DASH = 5.0  # points; each placebo is dashed in the gaps of the others, so that overlapping lines stay visible
PLOT_INCHES = 4.6  # approximate height of the plot with its labels


def save(climb: Climb, history: Sequence[Experiment], title: str, target: Path) -> None:
    """Write the figure in the format of the file's suffix. Raises RatchetError if it cannot be written."""
    if target.suffix.lower() not in SUFFIXES:
        raise RatchetError(f"--png: {target.name} does not end in {', '.join(SUFFIXES)}. Choose one of these formats.")
    if importlib.util.find_spec("matplotlib") is None:
        raise RatchetError("--png: matplotlib is not installed. Install it: pip install 'ratchet-lab[plot]'.")
    check_ours(target, MARK)
    from matplotlib import rc_context

    with rc_context({"text.parse_math": False, "svg.hashsalt": "ratchet", "font.size": 11}):  # $ is not math
        figure = draw(climb, history, title)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            figure.savefig(target, dpi=DOTS_PER_INCH, metadata=_metadata(target))
        except OSError as error:
            raise RatchetError(f"{target}: cannot write the figure: {error.strerror}. Choose another name.") from None


def draw(climb: Climb, history: Sequence[Experiment], title: str) -> Figure:
    """Return the figure with a canvas."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=SIZE_INCHES, layout="constrained")
    FigureCanvasAgg(figure)
    _draw(figure.subplots(), climb, history)
    figure.suptitle(title, x=0.02, ha="left", fontweight="bold", color=INK)  # above the tallest label
    if climb.dots:
        figure.legend(loc="outside lower center", ncols=5, frameon=False, fontsize=9, handlelength=3)
    return figure


def headline(history: Sequence[Experiment], name: str) -> str:
    """Return the title of the figure: the run, its number of experiments, how many were kept."""
    tried, kept = (sum(old.n > 0 for old in history), sum(old.verdict is Verdict.KEEP for old in history))
    return f"{one_line(name)}: {tried} experiment{'' if tried == 1 else 's'}, {kept} kept"


def label_spots(xs: Sequence[float], apart: float) -> list[float]:
    """Return positions for labels at `xs`, moved right so that neighbours are `apart`; the order stays."""
    placed: list[float] = []
    for x in xs:
        placed.append(max(x, placed[-1] + apart) if placed else x)
    return placed


def chosen_labels(climb: Climb, limit: int = MAX_LABELS) -> list[tuple[int, float]]:
    """Return the steps that get a label, as (n, value): at most `limit`, the largest ones."""
    steps = [
        (n, value, abs(value - before)) for (_, before), (n, value) in zip(climb.steps, climb.steps[1:], strict=False)
    ]
    largest = sorted(steps, key=lambda step: -step[2])[:limit]
    return sorted((n, value) for n, value, _ in largest)


def label_of(hypothesis: str) -> str:
    """Return a hypothesis without its reason: `X should help because Y` becomes `X`."""
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
    ns, values = zip(*best_line(climb), strict=True)
    if climb.noise is not None:
        low, high = ([value for _, value in best_line(climb, side * climb.noise)] for side in (-1, 1))
        axes.fill_between(ns, low, high, color=KEPT, alpha=0.10, linewidth=0, label="noise of one difference")
    axes.plot(ns, values, color=KEPT, linewidth=2.2, label="best so far", zorder=3)
    if climb.baseline is not None:
        label = f"baseline {number_text(climb.baseline)}"
        axes.axhline(climb.baseline, color=INK, linewidth=1, linestyle=(0, (1, 2)), label=label)
    if climb.floor is not None:
        axes.axhline(climb.clamp(climb.floor), color=FLOOR, linewidth=1.2, linestyle="--", label="noise floor")
    turns = max(2, len(climb.placebos))
    for place, placebo in enumerate(climb.placebos):
        axes.plot(
            *zip(*placebo_line(climb, placebo), strict=True),
            color=PLACEBOS[place % len(PLACEBOS)],
            linewidth=1.5,
            linestyle=(place * DASH, (DASH, (turns - 1) * DASH)),
            label=f"placebo: {one_line(placebo.name, 30)}",
        )


_HOLLOW: dict[str, Any] = {"facecolor": "none", "edgecolor": DROPPED, "marker": "v"}
_BOLD: dict[str, Any] = {"color": KEPT, "edgecolor": "white", "zorder": 4}
_SLANTED: dict[str, Any] = {"rotation": LABEL_SLANT, "rotation_mode": "anchor", "ha": "left", "va": "bottom"}


def _dots(axes: Axes, climb: Climb) -> None:
    size = 26 if climb.last_n <= 300 else 7
    looks: Mapping[tuple[Mark, ...], dict[str, Any]] = {
        (Mark.DROPPED,): {"color": DROPPED, "s": size, "label": "discarded", "zorder": 2},
        (Mark.STOPPED,): _HOLLOW | {"s": size, "label": "stopped early"},
        (Mark.KEPT, Mark.BASELINE): _BOLD | {"s": 2.2 * size, "label": "kept"},
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
    """Write slanted labels above the plot, with a line from each to its dot."""
    left, right = axes.get_xlim()
    apart = APART * (right - left)
    spots = label_spots([n for n, _ in labels], apart)
    overhang = max(0.0, spots[-1] - climb.last_n) if spots else 0.0
    rail = climb.high + 0.03 * (climb.high - climb.low)
    for (n, value), x in zip(labels, label_spots([spot - overhang for spot in spots], apart), strict=True):
        axes.plot([n, x], [value, rail], color=KEPT, linewidth=0.6, alpha=0.45, zorder=1)
        axes.text(x, rail, words[n], fontsize=LABEL_POINTS, color=INK, **_SLANTED)


def _metadata(target: Path) -> dict[str, Any]:
    """Return metadata with our mark, and without a date, so that the same run produces the same file."""
    fields = {".png": "Software", ".svg": "Creator", ".pdf": "Creator"}
    dates = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}}.get(target.suffix.lower(), {})
    return {fields[target.suffix.lower()]: MARK.decode(), **dates}
