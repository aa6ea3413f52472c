"""The climb as numbers: every picture draws the same, and none is set by an outlier or by what nobody believed."""

from ratchet.core.config import Config, Direction, Metric, Source
from ratchet.core.records import Experiment, Verdict
from ratchet.core.trajectory import Mark, climb_of, ticks


def config(direction: Direction = Direction.MAXIMIZE) -> Config:
    return Config(name="toy", editable=("m.py",), run="r", metrics=(Metric(Source("auc"), direction),))


def made(n: int, verdict: Verdict, metric: float | None = None, **rest: object) -> Experiment:
    return Experiment(n=n, commit=f"{n:040d}", parent="p", verdict=verdict, metric=metric, **rest)


RUN = [
    made(0, Verdict.BASELINE, 0.80),
    made(1, Verdict.KEEP, 0.85, delta_se=0.01),
    made(2, Verdict.DISCARD, 0.84, delta_se=0.02),
    made(3, Verdict.DISCARD, bound=0.83),
    made(4, Verdict.CRASH),
    made(5, Verdict.REJECT, 0.999),
    made(6, Verdict.KEEP, 0.86, delta_se=0.03),
]


def test_every_experiment_is_a_dot_and_kept_ones_are_steps() -> None:
    climb = climb_of(RUN, config())
    assert [dot.mark for dot in climb.dots] == [
        Mark.BASELINE,
        Mark.KEPT,
        Mark.DROPPED,
        Mark.STOPPED,
        Mark.FAILED,
        Mark.FAILED,
        Mark.KEPT,
    ]
    assert climb.steps == ((0, 0.80), (1, 0.85), (6, 0.86))
    assert (climb.best, climb.baseline, climb.last_n) == (0.86, 0.80, 6)


def test_a_number_that_was_rejected_does_not_set_the_scale() -> None:
    assert climb_of(RUN, config()).high < 0.99


def test_noise_and_floor_come_from_the_median_standard_error() -> None:
    climb = climb_of(RUN, config())
    assert climb.noise is not None
    assert climb.floor is not None
    assert abs(climb.noise - 1.96 * 0.02) < 1e-12
    assert abs(climb.floor - (0.80 + 1.6 * 0.02)) < 1e-12


def test_where_less_is_better_the_floor_lies_below_the_baseline() -> None:
    history = [made(0, Verdict.BASELINE, 10.0), made(1, Verdict.KEEP, 8.0, delta_se=0.5)]
    climb = climb_of(history, config(Direction.MINIMIZE))
    assert climb.floor is not None
    assert climb.floor < 10.0


def test_one_outlier_stands_at_the_edge_and_the_climb_can_still_be_seen() -> None:
    history = [*RUN, *(made(n, Verdict.DISCARD, 0.85) for n in range(7, 40)), made(40, Verdict.DISCARD, -1e9)]
    climb = climb_of(history, config())
    assert climb.low > 0.5
    assert climb.clamp(-1e9) == climb.low


def test_a_placebo_starts_at_our_baseline_and_never_falls() -> None:
    answer = {"climbs": [{"name": "seeds", "val_aucs": [0.5, None, 0.52, 0.51]}, {"name": "empty", "val_aucs": []}, 7]}
    (placebo,) = climb_of(RUN, config(), answer).placebos
    assert [round(value, 6) for value in placebo.bests] == [0.8, 0.8, 0.82, 0.82]


def test_an_empty_run_and_a_crashed_baseline_have_a_climb_too() -> None:
    empty, crashed = climb_of([], config()), climb_of([made(0, Verdict.CRASH)], config())
    assert (empty.dots, empty.best, empty.low < empty.high) == ((), None, True)
    assert (len(crashed.dots), crashed.best, crashed.low < crashed.high) == (1, None, True)


def test_ticks_are_round_and_inside() -> None:
    assert [round(tick, 4) for tick in ticks(0.893, 0.927, 4)] == [0.9, 0.91, 0.92]
    assert ticks(1.0, 1.0, 5) == [1.0]
    for low, high in [(0, 1e-9), (-3, 1e6), (0.5, 0.51)]:
        found = ticks(low, high, 5)
        assert 1 <= len(found) <= 7
        assert all(low - 1e-9 <= tick <= high * 1.000001 for tick in found)
