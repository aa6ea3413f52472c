"""Numbers and experiments as text, the same in every view, and results.tsv. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ratchet.core.config import Config, Direction, Metric
from ratchet.core.output_parser import read_words
from ratchet.core.records import Experiment, Verdict, one_line

STATUS_WORDS = {
    Verdict.BASELINE: "BASELINE",
    Verdict.KEEP: "KEPT",
    Verdict.DISCARD: "DISCARDED",
    Verdict.CRASH: "CRASHED",
    Verdict.TIMEOUT: "TIMEOUT",
    Verdict.REJECT: "REJECTED",
}
SHORT = 7  # characters of a commit's hash
PRECISE = 6  # decimals in results.tsv
NAMED = 5  # files in a message
CLEAR_SES = 1.96  # standard errors beyond which one difference, taken alone, is unlikely to be chance


def listing(paths: Sequence[str]) -> str:
    """Return the first files, and how many more there are."""
    more = f" and {len(paths) - NAMED} more" if len(paths) > NAMED else ""
    return ", ".join(paths[:NAMED]) + more


def number_text(value: float | None, decimals: int | None = None) -> str:
    """Return a number with decimals according to its size, or an empty text for None."""
    return "" if value is None else f"{value:.{_decimals(value) if decimals is None else decimals}f}"


def delta_text(delta: float, value: float) -> str:
    """Return a signed difference with the decimals of the resulting value, or more if it would read as zero."""
    decimals = _decimals(value)
    if delta and abs(delta) < 0.5 * 10**-decimals:
        decimals = min(12, 1 - math.floor(math.log10(abs(delta))))
    return f"{delta:+.{decimals}f}"


def signed_text(value: float | None) -> str:
    """Return a difference with its sign, or an empty text for None."""
    return "" if value is None else delta_text(value, value)


def experiment_line(experiment: Experiment, metrics: Sequence[Metric]) -> str:
    """Return the one line of an experiment: number, metric with its evidence, verdict, hypothesis."""
    parts = [f"iter {experiment.n}", _metric_part(experiment, metrics), _verdict_part(experiment)]
    return " | ".join(part for part in parts if part)


def ratio_text(value: float | None, baseline: float | None, metric: Metric) -> str:
    """Compare a value with the baseline: `+0.4%`, or `389×` if it is at least twice as good."""
    if value is None or not baseline or value == baseline:
        return ""
    if value > 0 and baseline > 0:
        better = value / baseline if metric.direction is Direction.MAXIMIZE else baseline / value
        if better >= 2:
            return f"{better:.{0 if better >= 10 else 1}f}×"
    return f"{100 * (value - baseline) / abs(baseline):+.1f}%"


def seconds_text(seconds: float | None) -> str:
    """Return a duration in seconds."""
    return "" if seconds is None else f"{seconds:.2f}"


def evidence_text(experiment: Experiment) -> str:
    """Return the difference, its standard error if measured, and `clear` or `within noise`."""
    if experiment.metric is None or experiment.delta is None:
        return ""
    change = f"Δ {delta_text(experiment.delta, experiment.metric)}"
    foreseen = "" if experiment.prediction is None else f", predicted {signed_text(experiment.prediction)}"
    if experiment.delta_se is None:
        return change + foreseen
    word = "clear" if is_clear(experiment) else "within noise"
    return f"{change} ± {number_text(experiment.delta_se, _decimals(experiment.metric))}, {word}{foreseen}"


def is_clear(experiment: Experiment) -> bool:
    """Say whether the difference, taken alone, is larger than chance explains."""
    delta, error = experiment.delta, experiment.delta_se
    return delta is not None and error is not None and abs(delta) > CLEAR_SES * error


def folds_text(experiment: Experiment) -> str:
    """Return the number of folds on which an experiment beat the best before it, with the total if it is known."""
    if experiment.folds_won is None:
        return ""
    count = read_words(experiment.stdout, r"^cv_folds:")
    return f"{experiment.folds_won}/{count}" if count.isdigit() else str(experiment.folds_won)


def results_columns(config: Config) -> list[str]:
    """Return the header of results.tsv; each metric has its own name."""
    others = [source.name for source in config.sources[1:] if source not in config.audit]
    audit = [source.name for source in config.audit]
    times = ["cpu_time_s", "wall_time_s"]
    return ["n", "commit", config.metric.name, *others, "delta", "delta_se", *audit, *times, *_LAST]


_LAST = ("status", "strategy", "description")


def results_tsv(history: Sequence[Experiment], config: Config) -> str:
    """Return the content of results.tsv; a number that was not measured is an empty cell."""
    columns = results_columns(config)
    rows = ["\t".join(_cell(experiment, column) for column in columns) for experiment in history]
    return "\n".join(["\t".join(columns), *rows]) + "\n"


def _cell(experiment: Experiment, column: str) -> str:
    match column:
        case "n":
            return str(experiment.n)
        case "commit":
            return experiment.commit[:SHORT]
        case "delta" | "delta_se":
            return number_text(experiment.delta if column == "delta" else experiment.delta_se, PRECISE)
        case "cpu_time_s":
            return seconds_text(experiment.cpu_time_s)
        case "wall_time_s":
            return seconds_text(experiment.wall_time_s)
        case "status":
            return experiment.verdict
        case "strategy":
            return one_line(experiment.strategy)
        case "description":
            return one_line(experiment.hypothesis)
    return number_text(experiment.metrics.get(column), PRECISE)


def _metric_part(experiment: Experiment, metrics: Sequence[Metric]) -> str:
    """Return the first metric with its evidence, and the other metrics."""
    values = {metric.name: experiment.metrics.get(metric.name) for metric in metrics}
    shown = [f"{name}={number_text(value)}" for name, value in values.items() if value is not None]
    if not shown and experiment.bound is not None:
        return f"{metrics[0].name}{value_text(experiment, metrics[0])}"
    evidence = evidence_text(experiment)
    if shown and evidence and experiment.n:
        shown[0] = f"{shown[0]} ({evidence})"
    return ", ".join(shown)


def value_text(experiment: Experiment, metric: Metric) -> str:
    """Return the metric for a table, or the best value still possible if the measurement was stopped early."""
    if experiment.metric is None and experiment.bound is not None:
        return f"{_limit_sign(metric)}{number_text(experiment.bound)}"
    return number_text(experiment.metric)


def _limit_sign(metric: Metric) -> str:
    return "≤" if metric.direction is Direction.MAXIMIZE else "≥"


def _verdict_part(experiment: Experiment) -> str:
    word = STATUS_WORDS[experiment.verdict]
    reason = f" ({one_line(experiment.reason)})" if experiment.reason else ""
    shown = one_line(experiment.hypothesis)
    return f"{word}{reason} — {shown}" if shown else f"{word}{reason}"


def _decimals(value: float) -> int:
    size = abs(value)
    if size >= 10:
        return 2
    if size >= 0.001 or size == 0:
        return 4
    return min(12, 2 - math.floor(math.log10(size)))
