"""Tables, bars and status: right on no experiment, on one, on a crashed one and on ten thousand."""

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from ratchet.core.config import Config, Direction, Metric, Source
from ratchet.core.records import Experiment, Verdict
from ratchet.core.stop_rules import Limits, limits_of, reason_to_stop
from ratchet.core.table import excerpt, screen_rows, summary_line
from ratchet.core.text import results_tsv
from ratchet.repo.journal import verdict_data
from ratchet.views.charts import bars

Ratchet = Callable[..., tuple[int, str, str]]
CONFIG = Config(
    name="toy",
    editable=("m.py",),
    run="r",
    metrics=(Metric(Source("auc"), Direction.MAXIMIZE),),
    audit=(Source("test_auc"),),
)


def experiment(n: int, verdict: Verdict, metric: float | None = None, **rest: object) -> Experiment:
    made = {"metric": metric, "metrics": {"auc": metric}, "hypothesis": f"idea {n}", **rest}
    return Experiment(n=n, commit=f"{n:040d}", parent="p", verdict=verdict, **made)


FOUR = [
    experiment(0, Verdict.BASELINE, 0.8),
    experiment(1, Verdict.KEEP, 0.85, delta=0.05, delta_se=0.01, strategy="features", wall_time_s=1.0),
    experiment(2, Verdict.CRASH, reason="ValueError: x"),
    experiment(3, Verdict.REJECT, 0.999, delta=0.149, reason="label-flip"),
]


def test_an_empty_history() -> None:
    assert results_tsv([], CONFIG).splitlines() == [
        "n\tcommit\tauc\tdelta\tdelta_se\ttest_auc\tcpu_time_s\twall_time_s\tstatus\tstrategy\tdescription"
    ]
    assert bars([], CONFIG, width=40) == "no experiments yet"
    assert summary_line([], CONFIG) == "no experiments yet"
    assert screen_rows([], [], CONFIG) == []


def test_an_absent_number_is_an_empty_cell() -> None:
    row = results_tsv(FOUR, CONFIG).splitlines()[3].split("\t")
    assert row == ["2", "0000000", "", "", "", "", "", "", "crash", "", "idea 2"]


def test_nothing_an_agent_writes_breaks_the_table() -> None:
    nasty = experiment(1, Verdict.KEEP, 0.9, hypothesis="a\tb\nc\rd\x1b[2Je\u2028f", strategy="x\ty")
    text = results_tsv([FOUR[0], nasty], CONFIG)
    assert len(text.split("\n")) == 4
    assert text.splitlines()[2].count("\t") == text.splitlines()[0].count("\t")
    assert "\x1b" not in text


def test_the_summary_says_best_against_baseline() -> None:
    assert (
        summary_line(FOUR, CONFIG)
        == "3 experiments, 1 kept; best auc=0.8500 (iter 1), baseline 0.8000 (+0.0500, +6.2%)"
    )
    assert summary_line([experiment(0, Verdict.CRASH)], CONFIG) == "0 experiments, 0 kept; nothing measured yet"


def test_bars_mark_the_best_and_are_not_scaled_by_what_was_rejected() -> None:
    lines = bars(FOUR, CONFIG, width=40).splitlines()
    assert lines[2].rstrip().endswith("0.8500 * best")
    assert lines[2].count("█") == 40
    assert lines[1].count("█") < 40
    assert lines[3].endswith("-")
    assert "█" not in lines[4]
    assert lines[4].endswith("0.9990")


@pytest.mark.parametrize("values", [[0.5, 0.5], [0.0, 0.0], [-3.0, -1.0], [1e-9, 2e-9], [5.0], [100.0, 0.001]])
def test_bars_of_any_values_stay_within_their_width(values: list[float]) -> None:
    history = [experiment(n, Verdict.KEEP if n else Verdict.BASELINE, value) for n, value in enumerate(values)]
    for line in bars(history, CONFIG, width=30).splitlines():
        assert line.count("█") <= 30


def test_an_excerpt_of_a_long_run_holds_what_was_kept_and_the_end() -> None:
    long = [experiment(n, Verdict.KEEP if n % 10 == 0 else Verdict.DISCARD, 0.5) for n in range(1000)]
    shown = excerpt(long, 60)
    assert len(shown) == 60
    assert shown[-30:] == long[-30:]
    assert all(old.verdict is Verdict.KEEP for old in shown[:30])
    assert excerpt(long[:60], 60) == long[:60]


@pytest.mark.parametrize(
    ("history", "limits", "reason"),
    [
        (FOUR, Limits(n=3), "3 experiments done"),
        (FOUR, Limits(n=4), ""),
        (FOUR, Limits(patience=2), "no gain in 2 experiments"),
        (FOUR, Limits(patience=3), ""),
        (FOUR, Limits(until=0.85), "auc has reached 0.8500"),
        (FOUR, Limits(until=0.86), ""),
        (
            [experiment(n, Verdict.CRASH, reason="agent: broken") for n in range(1, 4)],
            Limits(),
            "the agent failed 3 times in a row: broken",
        ),
        (
            [experiment(n, Verdict.DISCARD, reason="no change") for n in range(1, 6)],
            Limits(),
            "the agent changed nothing 5 times in a row",
        ),
        ([], Limits(n=1), ""),
    ],
)
def test_reasons_to_stop(history: list[Experiment], limits: Limits, reason: str) -> None:
    assert reason_to_stop(history, CONFIG, limits, first_n=0) == reason


def test_experiments_of_an_earlier_series_do_not_count() -> None:
    assert reason_to_stop(FOUR, CONFIG, Limits(n=2, patience=2), first_n=3) == ""


def test_there_is_a_cap_only_if_somebody_sets_one() -> None:
    assert limits_of(CONFIG, Limits()).n is None
    capped = replace(CONFIG, max_iterations=25)
    assert (limits_of(capped, Limits()).n, limits_of(capped, Limits(n=3)).n) == (25, 3)
    assert limits_of(capped, Limits()).cap == "max_iterations = 25 in config"
    assert limits_of(capped, Limits(n=3)).cap == ""


@pytest.fixture
def long_run(project, ratchet: Ratchet) -> None:
    """A run with ten thousand experiments."""
    ratchet("start", "first")
    stdout = "hypothesis: an idea\n" + "fold_aucs: 0.9,0.9,0.9,0.9,0.9\n" * 10
    head = project.git("rev-parse", "HEAD")
    lines = []
    for n in range(1, 10_001):
        made = experiment(n, Verdict.DISCARD, 0.4, metrics={"score": 0.4}, stdout=stdout)
        data = {**verdict_data(made), "commit": head, "parent": head}
        lines.append(json.dumps({"event": "begin", "n": n, "commit": head, "parent": head}))
        lines.append(json.dumps({"event": "verdict", **data}))
    with (project.root / ".ratchet/first/journal.jsonl").open("a") as journal:
        journal.write("\n".join(lines) + "\n")


@pytest.mark.slow
def test_ten_thousand_experiments_are_shown(project, ratchet: Ratchet, long_run: None) -> None:
    status, out, _ = ratchet("results")  # how fast: benchmarks/journal.py
    assert status == 0
    assert "10000 experiments, 0 kept" in out
    assert ratchet("plot")[0] == ratchet("status")[0] == ratchet("show", "9999")[0] == 0


@pytest.mark.parametrize(
    ("options", "line"),
    [(("--rule", "strict", "--json"), "cannot be combined with --json"), (("--k", "3"), "--k needs --rule margin")],
)
def test_options_that_do_not_go_together_are_refused(project, ratchet: Ratchet, options, line: str) -> None:
    ratchet("start", "first")
    status, out, err = ratchet("results", *options)
    assert (status, out) == (2, "")
    assert line in err
