"""Apply another rule to the recorded numbers of a run. Nothing is measured. Pure.

Covered: every number in the journal. Not covered, and reported: each experiment edited the best code of its time, and
under another rule the agent would have edited other code. The journal has standard errors against the best of that time
only; against another best they are combined from several. What was never measured (a fresh partition, the folds after
an early stop) is unknown, and an unknown experiment is not kept.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TypeAlias

from ratchet.core.config import Config, Metric, Rule
from ratchet.core.decision import is_better, is_confirmed, judge
from ratchet.core.records import Ending, Experiment, Measurement, Verdict, best, one_line
from ratchet.core.text import STATUS_WORDS, delta_text, number_text, value_text

Links: TypeAlias = Mapping[int, tuple[int, float | None]]  # experiment: the best of its time, and the SE against it
FAILED = frozenset({Verdict.CRASH, Verdict.TIMEOUT, Verdict.REJECT})


class Doubt(StrEnum):
    """What the journal does not contain about an experiment under another rule."""

    NO_NUMBER = "stopped early, but could have beaten the best under this rule"
    NO_PARTITION = "never measured on a fresh partition"
    OTHER_BEST = "the standard error against the best under this rule is combined from several and may be wrong"
    NO_SE = "better, but without a standard error"


@dataclass(frozen=True, slots=True)
class Rejudged:
    """An experiment under another rule. `delta` and `se` are against the best under that rule.

    A verdict of None means unknown; such an experiment is not kept.
    """

    experiment: Experiment
    verdict: Verdict | None
    delta: float | None = None
    se: float | None = None
    doubt: Doubt | None = None

    @property
    def word(self) -> str:
        """The verdict for a table: `?` if unknown, with `~` if its standard error may be wrong."""
        if self.verdict is None:
            return "?"
        mark = " ~" if self.doubt is Doubt.OTHER_BEST else ""
        return STATUS_WORDS[self.verdict].lower() + mark


def rejudge(history: Sequence[Experiment], config: Config, rule: Rule, k: float) -> list[Rejudged]:
    """Judge the experiments in order under another rule, with the same function as the engine."""
    other, links = replace(config, rule=rule, margin=k), _links(history)
    kept: list[Experiment] = []
    found = []
    for experiment in history:
        seen = _judge(experiment, kept, links, other)
        found.append(seen)
        if seen.verdict is not None and seen.verdict.advances:
            kept.append(replace(experiment, verdict=seen.verdict))
    return found


def rejudged_rows(found: Sequence[Rejudged], metric: Metric) -> list[list[str]]:
    """Return the cells of each experiment: number, metric, difference under the rule, ±, both verdicts, the idea."""
    return [
        [
            str(old.experiment.n),
            value_text(old.experiment, metric),
            "" if old.delta is None or old.experiment.metric is None else delta_text(old.delta, old.experiment.metric),
            ("~" if old.doubt is Doubt.OTHER_BEST else "") + number_text(old.se),
            STATUS_WORDS[old.experiment.verdict].lower(),
            old.word,
            one_line(old.experiment.hypothesis),
        ]
        for old in found
    ]


def climb_text(name: str, verdicts: Sequence[Verdict | None], history: Sequence[Experiment], config: Config) -> str:
    """Return one line about a climb: how many were kept, the best metric, and its gain over the baseline."""
    made = [replace(old, verdict=text or Verdict.DISCARD) for old, text in zip(history, verdicts, strict=True)]
    kept, top, unknown = sum(old.verdict is Verdict.KEEP for old in made), best(made), list(verdicts).count(None)
    counted = f"{kept} kept" if not unknown else f"{kept} kept, {unknown} unknown"
    if top is None or top.metric is None:
        return f"{name}: {counted}; nothing measured"
    first = made[0].metric
    gain = f" ({delta_text(top.metric - first, top.metric)})" if first is not None and top is not made[0] else ""
    return f"{name}: {counted}; best {config.metric.name}={number_text(top.metric)} (iter {top.n}){gain}"


def doubt_lines(found: Sequence[Rejudged], rule: Rule) -> list[str]:
    """Return lines that count what is unknown under the other rule."""
    lines = []
    for doubt in Doubt:
        numbers = [str(old.experiment.n) for old in found if old.doubt is doubt]
        if numbers:
            mark = "~" if doubt is Doubt.OTHER_BEST else "?"
            lines.append(f"{mark} {len(numbers)} of {len(found) - 1}: {doubt} (iter {', '.join(numbers[:12])})")
    if any(old.verdict != old.experiment.verdict for old in found):
        lines.append(
            f"each experiment edited the best code of its time; under {rule} the agent would have tried others"
        )
    return lines


def _judge(experiment: Experiment, kept: Sequence[Experiment], links: Links, config: Config) -> Rejudged:
    """Judge one experiment. `kept` is what the other rule has kept so far, starting with the baseline."""
    incumbent = best(kept)
    if experiment.verdict in FAILED or incumbent is None:
        return Rejudged(experiment, experiment.verdict, experiment.delta)
    if experiment.metric is None:
        can_win = is_better(experiment.bound, incumbent.metric, config.metric.direction)
        is_open = experiment.bound is not None and can_win
        return Rejudged(experiment, None if is_open else Verdict.DISCARD, doubt=Doubt.NO_NUMBER if is_open else None)
    se, is_sure = _se_between(experiment.n, incumbent.n, links)
    measured = Measurement(Ending.OK, numbers=experiment.metrics, delta_se=se)
    judged = judge(measured, kept, config, size=experiment.size)
    is_ahead = is_better(experiment.metric, incumbent.metric, config.metric.direction)
    seen = Rejudged(experiment, judged.verdict, judged.delta, se)
    if config.rule is Rule.CONFIRM and judged.verdict is Verdict.KEEP:
        return _with_partition(seen, config)
    if config.rule is not Rule.MARGIN or not is_ahead:
        return seen if is_sure else replace(seen, se=None)
    if se is None:
        return replace(seen, verdict=None, doubt=Doubt.NO_SE)
    return seen if is_sure else replace(seen, doubt=Doubt.OTHER_BEST)


def _se_between(new: int, old: int, links: Links) -> tuple[float | None, bool]:
    """Return the standard error of the difference of two experiments, and whether it was measured directly.

    Each experiment has one against the best of its time, so a path connects any two. Over several steps the result is
    the root of the sum of squares, as if the steps were independent. The true value is at most the plain sum.
    """
    ours, theirs = _way_up(new, links), _way_up(old, links)
    way = [n for n in (*ours, *theirs) if (n in ours) is not (n in theirs)]
    errors = [links[n][1] for n in way]
    if not errors or None in errors:
        return None, False
    return math.hypot(*(error for error in errors if error is not None)), len(errors) == 1


def _links(history: Sequence[Experiment]) -> Links:
    """Return for each experiment the best of its time and the standard error of the difference to it."""
    found: dict[int, tuple[int, float | None]] = {}
    top = None
    for experiment in history:
        if top is not None:
            found[experiment.n] = (top, experiment.delta_se)
        top = experiment.n if experiment.verdict.advances else top
    return found


def _way_up(n: int, links: Links) -> list[int]:
    """Return the experiments on the path from n to the first best, without that one."""
    way = []
    while n in links:
        way.append(n)
        n = links[n][0]
    return way


def _with_partition(seen: Rejudged, config: Config) -> Rejudged:
    fresh = seen.experiment.confirm_delta
    if fresh is None:
        return replace(seen, verdict=None, doubt=Doubt.NO_PARTITION)
    is_borne_out = is_confirmed(seen.delta, fresh, config.metric.direction)
    return seen if is_borne_out else replace(seen, verdict=Verdict.DISCARD)
