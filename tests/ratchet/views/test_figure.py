"""The figure for a slide: any run can be drawn, the words do not lie on each other, and no text is taken for markup."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from ratchet.core.config import Config, Direction, Metric, Source
from ratchet.core.records import Experiment, Verdict
from ratchet.core.trajectory import Placebo, climb_of
from ratchet.errors import RatchetError
from ratchet.views.figure import MAX_LABELS, PLACEBOS, chosen_labels, draw, headline, label_of, label_spots, save

CONFIG = Config(name="toy", editable=("m.py",), run="r", metrics=(Metric(Source("auc"), Direction.MAXIMIZE),))


def made(n: int, verdict: Verdict, metric: float | None = None, text: str = "an idea") -> Experiment:
    return Experiment(n=n, commit="c", parent="p", verdict=verdict, metric=metric, hypothesis=text, delta_se=0.01)


def run_of(count: int) -> list[Experiment]:
    tried = [made(n, Verdict.KEEP if n % 9 == 1 else Verdict.DISCARD, 0.5 + n / 1e5) for n in range(1, count)]
    return [made(0, Verdict.BASELINE, 0.5), *tried]


@pytest.mark.parametrize(
    "history", [[], run_of(1), [made(0, Verdict.CRASH)], run_of(40)], ids=["none", "1", "crash", "40"]
)
def test_a_run_of_any_size_is_drawn(history: list[Experiment], tmp_path: Path) -> None:
    target = tmp_path / "climb.png"
    save(climb_of(history, CONFIG), history, headline(history, "toy"), target)
    assert target.read_bytes().startswith(b"\x89PNG")


@pytest.mark.slow
def test_ten_thousand_are_drawn(tmp_path: Path) -> None:
    history = run_of(10_000)
    save(climb_of(history, CONFIG), history, "t", tmp_path / "climb.png")
    assert len(chosen_labels(climb_of(history, CONFIG))) == MAX_LABELS


def test_no_text_of_an_agent_is_read_as_a_formula_or_as_markup(tmp_path: Path) -> None:
    nasty = r"$\frac{1}{ <script>alert(1)</script> & \x00 $"
    history = [made(0, Verdict.BASELINE, 0.5), made(1, Verdict.KEEP, 0.6, nasty)]
    save(climb_of(history, CONFIG), history, nasty, tmp_path / "climb.svg")
    assert "<script>" not in (tmp_path / "climb.svg").read_text()


def test_the_same_run_gives_the_same_file(tmp_path: Path) -> None:
    for name in ("one.svg", "two.svg"):
        save(climb_of(run_of(20), CONFIG), run_of(20), "t", tmp_path / name)
    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "two.svg").read_bytes()


@pytest.mark.parametrize("name", ["climb.gif", "climb", "climb.png.exe"])
def test_another_format_is_one_line(name: str, tmp_path: Path) -> None:
    with pytest.raises(RatchetError, match=r"does not end in .png, .svg, .pdf"):
        save(climb_of([], CONFIG), [], "t", tmp_path / name)


def test_a_place_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RatchetError, match="cannot write the figure"):
        save(climb_of([], CONFIG), [], "t", tmp_path / "file" / "climb.png")


def test_the_title_stands_above_the_tallest_label_of_an_early_keep() -> None:
    tried = [made(n, Verdict.KEEP, 0.5 + n / 100, "Extra trees over all the interactions of age, say") for n in (1, 2)]
    history = [made(0, Verdict.BASELINE, 0.5), *tried, *(made(n, Verdict.DISCARD, 0.5) for n in range(3, 20))]
    figure = draw(climb_of(history, CONFIG), history, headline(history, "a run with quite a long name"))
    figure.canvas.draw()
    tops = [text.get_window_extent().y1 for text in figure.axes[0].texts]
    assert len(tops) == 2
    assert max(tops) < figure.texts[0].get_window_extent().y0


def test_placebos_that_lie_on_each_other_can_each_be_found() -> None:
    history = [made(0, Verdict.BASELINE, 0.5), made(1, Verdict.KEEP, 0.8), made(20, Verdict.DISCARD, 0.5)]
    climb = replace(climb_of(history, CONFIG), placebos=tuple(Placebo(name, (0.65,) * 20) for name in "abc"))
    figure = draw(climb, history, "t")
    figure.canvas.draw()
    box = figure.axes[0].get_window_extent()
    pixels = np.asarray(figure.canvas.buffer_rgba())[: int(figure.bbox.height - box.y0), :, :3]  # without the legend
    for color in PLACEBOS:
        near = np.abs(pixels - 255 * np.array(to_rgb(color))).max(axis=-1) < 40
        assert near.sum() > 100


def test_labels_keep_their_order_and_their_distance() -> None:
    spots = label_spots([1, 1, 2, 30, 30.5], 2.0)
    assert spots == sorted(spots)
    assert all(after - before >= 2.0 for before, after in pairwise(spots))


def test_a_label_is_the_idea_without_its_reason() -> None:
    assert label_of("Extra trees should help because random cuts find thresholds") == "Extra trees"
    assert label_of("C=0.1 because weights shrink") == "C=0.1"
    assert label_of("") == ""
    assert len(label_of("x" * 500)) < 60


def test_the_command_writes_the_figure_and_says_where(project, ratchet: Callable[..., tuple[int, str, str]]) -> None:
    ratchet("start", "first")
    status, out, _ = ratchet("plot", "--png", "figures/climb.svg")
    assert (status, out.strip()) == (0, "figures/climb.svg")
    assert (project.root / "figures/climb.svg").read_text().startswith("<?xml")
