"""The shape of every line that people and agents read."""

import pytest

from ratchet.core.config import Direction, Metric, Source
from ratchet.core.records import Experiment, Verdict, is_tag, one_line
from ratchet.core.text import delta_text, experiment_line, number_text, ratio_text

AUC = Metric(Source("val_auc"), Direction.MAXIMIZE)
TIME = Metric(Source("seconds"), Direction.MINIMIZE)


def experiment(verdict: Verdict, **rest: object) -> Experiment:
    numbers = {"val_auc": rest.get("metric"), "seconds": rest.pop("seconds", None)}
    return Experiment(**{"n": 3, "commit": "c", "parent": "p", "verdict": verdict, "metrics": numbers, **rest})


def test_several_metrics_stand_side_by_side() -> None:
    made = experiment(Verdict.KEEP, metric=0.9, delta=0.1, seconds=2.5, hypothesis="h")
    assert experiment_line(made, [AUC, TIME]) == "iter 3 | val_auc=0.9000 (Δ +0.1000), seconds=2.5000 | KEPT — h"


def test_a_kept_experiment_reads_as_the_design_says() -> None:
    kept = experiment(
        Verdict.KEEP, metric=0.8996, delta=0.0012, delta_se=0.0041, hypothesis="LightGBM num_leaves=31, reg_lambda=1.0"
    )
    assert experiment_line(kept, [AUC]) == (
        "iter 3 | val_auc=0.8996 (Δ +0.0012 ± 0.0041, within noise) | KEPT — LightGBM num_leaves=31, reg_lambda=1.0"
    )


@pytest.mark.parametrize(
    ("made", "line"),
    [
        (experiment(Verdict.BASELINE, n=0, metric=0.8962, hypothesis="b"), "iter 0 | val_auc=0.8962 | BASELINE — b"),
        (
            experiment(Verdict.DISCARD, metric=0.89, delta=-0.02, delta_se=0.005, hypothesis="h"),
            "iter 3 | val_auc=0.8900 (Δ -0.0200 ± 0.0050, clear) | DISCARDED — h",
        ),
        (experiment(Verdict.CRASH, reason="ValueError: x", hypothesis="h"), "iter 3 | CRASHED (ValueError: x) — h"),
        (experiment(Verdict.TIMEOUT, reason="more than 5 s"), "iter 3 | TIMEOUT (more than 5 s)"),
        (experiment(Verdict.REJECT, reason="label-flip", hypothesis="h"), "iter 3 | REJECTED (label-flip) — h"),
        (experiment(Verdict.KEEP, metric=2.0, hypothesis="a\nb\tc\x07"), "iter 3 | val_auc=2.0000 | KEPT — a b c"),
    ],
)
def test_the_line_of_each_verdict(made: Experiment, line: str) -> None:
    assert experiment_line(made, [AUC]) == line


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (0.9, "0.9000"),
        (0, "0.0000"),
        (12.345, "12.35"),
        (33089.98, "33089.98"),
        (-0.5, "-0.5000"),
        (1.2e-5, "0.0000120"),
    ],
)
def test_numbers_have_the_decimals_that_their_size_asks_for(value: float | None, text: str) -> None:
    assert number_text(value) == text


@pytest.mark.parametrize(
    ("delta", "text"), [(0.00001, "+0.000010"), (0.0012, "+0.0012"), (-0.1, "-0.1000"), (0.0, "+0.0000")]
)
def test_a_difference_never_reads_as_none(delta: float, text: str) -> None:
    assert delta_text(delta, 0.9) == text


@pytest.mark.parametrize(
    ("value", "base", "metric", "text"),
    [
        (33089.98, 85, AUC, "389×"),
        (0.9, 0.8, AUC, "+12.5%"),
        (5, 1, AUC, "5.0×"),
        (1, 4, TIME, "4.0×"),
        (3, 4, TIME, "-25.0%"),
        (1, 1, AUC, ""),
        (None, 1, AUC, ""),
        (1, None, AUC, ""),
        (1, 0, AUC, ""),
        (0, 4, TIME, "-100.0%"),
        (-2, -1, AUC, "-100.0%"),
    ],
)
def test_ratio_to_the_baseline(value: float | None, base: float | None, metric: Metric, text: str) -> None:
    assert ratio_text(value, base, metric) == text


def test_one_line_holds_no_control_character() -> None:
    assert one_line("a\r\n\tb\x00\x1b[1mc\u2028d ") == "a b [1mc d"
    assert one_line("x" * 300) == "x" * 199 + "…"


@pytest.mark.parametrize("tag", ["nov21", "my-run", "A.b_c-2", "x" * 60])
def test_safe_tags(tag: str) -> None:
    assert is_tag(tag)
