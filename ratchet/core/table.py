"""The history of a run as a table on the screen, with a summary. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from ratchet.core.config import Config, Direction
from ratchet.core.noise import BELOW, is_below, noise_floor, noise_line
from ratchet.core.records import Experiment, Verdict, baseline, best, one_line
from ratchet.core.spending import spent, spent_text
from ratchet.core.text import STATUS_WORDS, delta_text, folds_text, number_text, ratio_text, signed_text, value_text

ALWAYS_COUNTED = ("kept", "discarded", "crashed")


def screen_columns(config: Config, *, with_audit: bool = False) -> list[str]:
    """Return the header of the table on the screen."""
    audit = [source.name for source in config.audit] if with_audit else []
    others = [metric.name for metric in config.metrics[1:]]
    evidence = ["Δ", "±", "folds won"]
    return ["n", config.metric.name, "vs base", *others, *evidence, *audit, "verdict", "strategy", "description"]


def screen_rows(
    shown: Sequence[Experiment], history: Sequence[Experiment], config: Config, *, with_audit: bool = False
) -> list[list[str]]:
    """Return the cells of the shown experiments of a run; a gain below the noise floor is marked."""
    first, floor = baseline(history), noise_floor(history)
    base = first.metric if first else None
    return [_screen_row(experiment, base, floor, config, with_audit) for experiment in shown]


def excerpt(history: Sequence[Experiment], limit: int) -> list[Experiment]:
    """Return at most `limit` experiments of a long run: the last kept ones and the most recent."""
    if len(history) <= limit:
        return list(history)
    cut = len(history) - limit // 2
    kept = [experiment for experiment in history[:cut] if experiment.verdict.advances]
    return [*kept[-(limit - limit // 2) :], *history[cut:]]


def summary_line(history: Sequence[Experiment], config: Config) -> str:
    """Return one line on a run: the number of experiments and of kept ones, and the best against the baseline."""
    if not history:
        return "no experiments yet"
    tried = [experiment for experiment in history if experiment.n > 0]
    kept = sum(experiment.verdict is Verdict.KEEP for experiment in tried)
    top, first, name = best(history), baseline(history), config.metric.name
    counts = f"{len(tried)} experiment{'' if len(tried) == 1 else 's'}, {kept} kept"
    if top is None or top.metric is None:
        return f"{counts}; nothing measured yet"
    against = f", baseline {number_text(first.metric)}" if first and first.metric is not None else ""
    ratio = ratio_text(top.metric, first.metric if first else None, config.metric)
    gain = (
        f" ({delta_text(top.metric - first.metric, top.metric)}, {ratio})" if ratio and first and first.metric else ""
    )
    return f"{counts}; best {name}={number_text(top.metric)} (iter {top.n}){against}{gain}"


def closing_lines(history: Sequence[Experiment], config: Config) -> list[str]:
    """Return the lines under every table: the summary and the noise floor."""
    used = spent_text(*spent(history))
    lines = (summary_line(history, config), noise_line(history, config), f"agents: {used}" if used else "")
    return [line for line in lines if line]


TOP = 3  # gains under the table of `results`


def totals_lines(history: Sequence[Experiment], config: Config) -> list[str]:
    """Return how many experiments had each verdict, and the largest gains."""
    tried = [experiment for experiment in history if experiment.n > 0]
    if not tried:
        return []
    counts = Counter(STATUS_WORDS[experiment.verdict].lower() for experiment in tried)
    words = [STATUS_WORDS[verdict].lower() for verdict in Verdict if verdict is not Verdict.BASELINE]
    shown = [f"{counts[word]} {word}" for word in words if counts[word] or word in ALWAYS_COUNTED]
    sign = 1 if config.metric.direction is Direction.MAXIMIZE else -1
    gains = [old for old in tried if old.verdict is Verdict.KEEP and old.delta and sign * old.delta > 0]
    top = sorted(gains, key=lambda old: -abs(old.delta or 0.0))[:TOP]
    rows = [f"  {signed_text(old.delta)} iter {old.n}: {one_line(old.hypothesis)}" for old in top]
    return [f"totals: {', '.join(shown)}", *(["largest gains:", *rows] if rows else [])]


def run_row(tag: str, history: Sequence[Experiment], config: Config, *, at: str, state: str) -> list[str]:
    """Return the row of a run in the table of `runs`."""
    first, top = baseline(history), best(history)
    tried = [experiment for experiment in history if experiment.n > 0]
    base = first.metric if first else None
    return [
        tag,
        at[:16].replace("T", " "),
        str(len(tried)),
        str(sum(experiment.verdict is Verdict.KEEP for experiment in tried)),
        number_text(base),
        number_text(top.metric) if top else "",
        ratio_text(top.metric, base, config.metric) if top else "",
        state,
    ]


RUN_COLUMNS = ("run", "started", "experiments", "kept", "baseline", "best", "change", "state")


def _screen_row(
    experiment: Experiment, base: float | None, floor: float | None, config: Config, with_audit: bool
) -> list[str]:
    audit = [number_text(experiment.metrics.get(source.name)) for source in config.audit] if with_audit else []
    others = [number_text(experiment.metrics.get(metric.name)) for metric in config.metrics[1:]]
    has_delta = experiment.delta is not None and experiment.metric is not None
    mark = f"{BELOW} " if is_below(experiment, floor) else ""
    hypothesis = one_line(experiment.hypothesis)
    reason = one_line(experiment.reason, 60)
    return [
        str(experiment.n),
        value_text(experiment, config.metric),
        ratio_text(experiment.metric, base, config.metric),
        *others,
        mark + delta_text(experiment.delta or 0.0, experiment.metric or 0.0) if has_delta else "",
        number_text(experiment.delta_se),
        folds_text(experiment),
        *audit,
        STATUS_WORDS[experiment.verdict].lower(),
        one_line(experiment.strategy),
        " ".join(filter(None, (hypothesis, f"({reason})" if reason else ""))),
    ]
