"""Climbs on nothing stand beside the run's own, on one scale, in every state of a run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from asked import serve

from ratchet.analyses.placebo import climbed, judged, placebo_lines
from ratchet.core import config_file
from ratchet.core.records import Experiment, Verdict

Ratchet = Callable[..., tuple[int, str, str]]
CONFIG = config_file.parse(
    {"name": "x", "editable": ["a.py"], "run": "r", "metric": {"name": "m", "direction": "maximize"}}, "c"
)
DOWN = config_file.parse(
    {"name": "x", "editable": ["a.py"], "run": "r", "metric": {"name": "m", "direction": "minimize"}}, "c"
)
KEEPS = {"strict": 2, "margin": 0, "confirm": None}
CLIMB = {"name": "seeds", "val_aucs": [0.5, 0.6, None, 0.55, 0.9], "false_keeps": KEEPS, "gains": [0.1, 0.4, 0.45]}


def history(*values: float | None) -> list[Experiment]:
    verdicts = [Verdict.BASELINE, *[Verdict.KEEP] * (len(values) - 1)]
    return [
        Experiment(n, f"c{n}", "", verdict, metric=m)
        for n, (verdict, m) in enumerate(zip(verdicts, values, strict=True))
    ]


def test_a_climb_is_the_gain_of_the_best_so_far() -> None:
    assert climbed([0.5, 0.4, None, 0.75, 0.6], CONFIG) == [0, 0, 0, 0.25, 0.25]
    assert climbed([10.0, 8.0, 9.0], DOWN) == [0, 2, 2]
    assert climbed([None, 0.5], CONFIG) == climbed([], CONFIG) == []
    assert climbed([0.5, float("nan"), True, "x"], CONFIG) == [0, 0, 0, 0]


def measured(*values: float | None, error: float = 0.06, repeat: int = 0) -> dict[str, object]:
    errors = [{str(old): error for old in range(n)} for n in range(len(values))]
    return {"kind": "seeds", "name": "seeds", "repeat": repeat, "val_aucs": list(values), "delta_ses": errors}


def test_every_rule_goes_its_own_way() -> None:
    """Four tries: a little better, much worse, much better, a little better than that; on fresh rows the last fails."""
    pairs: list[object] = []

    def ask(more: Mapping[str, Any]) -> Mapping[str, Any]:
        pairs.append(more)
        return {"delta": -0.1 if more["pair"][1] == 4 else 0.1}

    answer = judged({"climbs": [measured(0.5, 0.6, 0.4, 0.8, 0.85)], "n": 4}, ask, CONFIG)
    assert answer == {
        "climbs": [
            {
                "name": "seeds",
                "val_aucs": [0.5, 0.6, 0.4, 0.8, 0.85],
                "false_keeps": {"strict": 3, "margin": 1, "confirm": 2},
                "gains": [pytest.approx(0.35)],
            }
        ],
        "n": 4,
    }
    assert pairs == [{"kind": "seeds", "repeat": 0, "pair": pair} for pair in ([0, 1], [1, 3], [3, 4])]


def test_the_climb_with_the_median_gain_stands_for_its_kind() -> None:
    climbs = [measured(0.5, 0.9, repeat=0), measured(0.5, None, repeat=1), measured(0.5, 0.7, repeat=2)]
    (one,) = judged({"climbs": climbs}, lambda _more: {"delta": None}, CONFIG)["climbs"]
    assert one["val_aucs"] == [0.5, 0.7]
    assert one["gains"] == [0.0, pytest.approx(0.2), pytest.approx(0.4)]
    assert one["false_keeps"] == {"strict": 1, "margin": 1, "confirm": 0}
    (down,) = judged({"climbs": climbs}, lambda _more: {"delta": None}, DOWN)["climbs"]
    assert down["false_keeps"] == {"strict": 0, "margin": 0, "confirm": 0}


def test_a_server_that_judges_its_climbs_itself_is_believed() -> None:
    assert judged({"climbs": [CLIMB], "n": 2}, lambda _more: {}, CONFIG) == {"climbs": [CLIMB], "n": 2}


def test_the_run_and_its_placebos_stand_on_one_scale() -> None:
    lines = placebo_lines({"climbs": [CLIMB]}, history(0.5, 0.6), CONFIG, width=8)
    assert lines[0].endswith("(m); full height +0.4000")
    assert lines[1] == "this run        ▁▃       +0.1000 in 1 try; 1 kept"
    assert lines[2].startswith("seeds alone     ▁▃▃▃█    +0.4000 in 4 tries; false keeps: strict 2, margin 0; 3 climbs")
    assert lines[3].startswith("placebos that gained as much or more: seeds alone (3 of 3)")


def test_a_climb_that_is_not_drawn_counts_too() -> None:
    lines = placebo_lines({"climbs": [CLIMB]}, history(0.5, 0.92), CONFIG, width=8)
    assert lines[3].startswith("placebos that gained as much or more: seeds alone (1 of 3)")


def test_a_run_that_went_higher_is_not_proven_by_that() -> None:
    lines = placebo_lines({"climbs": [CLIMB]}, history(0.5, 0.99), CONFIG, width=20)
    assert lines[-1].startswith("no placebo gained as much. This alone proves little")


@pytest.mark.parametrize("values", [[0.5], [0.5, None], [0.5, *[0.6] * 10_000]])
def test_every_run_can_be_drawn(values: list[float | None]) -> None:
    for climbs in ([], [CLIMB], [{"name": "x", "val_aucs": [], "false_keeps": {}}]):
        lines = placebo_lines({"climbs": climbs}, history(*values), CONFIG, width=60)
        assert max(map(len, lines[1:2])) < 120


def test_as_many_tries_as_the_run_made_unless_asked_otherwise(project, tmp_path: Path, ratchet: Ratchet) -> None:
    asked = serve(project, tmp_path / "served")
    asked.say(placebo={"climbs": [CLIMB], "n": 2})
    ratchet("start", "first")
    assert ratchet("placebo")[0] == 0
    for score in (0.6, 0.4):
        project.edit(score)
        ratchet("step")
    assert "seeds alone" in ratchet("placebo")[1]
    ratchet("placebo", "-n", "7", "--kind", "noise")
    assert [(one["n"], one["kind"], len(one["experiments"])) for one in asked.requests("placebo")] == [
        *[(25, "all", 1), (2, "all", 3), (7, "noise", 3)]
    ]
    assert ratchet("placebo", "--kind", "luck")[0] == 2
