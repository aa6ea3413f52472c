"""Compare the gain of a run with placebos: experiments that cannot be better, so that every gain is chance.

The harness measures them, and the rule of the engine judges them as it judges real ones.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any

from ratchet.analyses import client
from ratchet.analyses.client import Answer, AskMore
from ratchet.core.config import MARGIN_SES, Config, Direction, Rule
from ratchet.core.decision import is_confirmed, judge
from ratchet.core.noise import count_tries, is_try
from ratchet.core.output_parser import is_number
from ratchet.core.records import Ending, Experiment, Measurement, Verdict, baseline, best
from ratchet.engine.measure import Progress
from ratchet.errors import RatchetError
from ratchet.repo import journal
from ratchet.repo.run import Run

NAME = "placebo"
DEFAULT_N = 25  # tries, if the run has none yet
MIDDLE = ("higher", "middle")  # of an even number of climbs the higher of the two in the middle is shown
STEPS = "▁▂▃▄▅▆▇█"
RULES = (Rule.STRICT, Rule.MARGIN, Rule.CONFIRM)
NAMES = {"seeds": "seeds alone", "shuffled labels": "shuffled labels", "noise columns": "noise columns"}


def placebo(run: Run, progress: Progress, *, n: int | None, kind: str) -> Mapping[str, Any]:
    """Return placebo climbs with `n` tries each, by default as many as the run made, and what each rule would keep."""
    history = journal.read_experiments(run.journal)
    if baseline(history) is None:
        raise RatchetError(f"run {run.tag}: the baseline has not been measured. Run `uv run ratchet step`.")
    fields = {
        "n": n or count_tries(history) or DEFAULT_N,
        "kind": kind,
        "experiments": client.write_files(run, _compared(history)),
    }
    config = run.worktree.config
    return client.ask(run, NAME, fields, progress, complete=lambda answer, more: judged(answer, more, config))


def judged(answer: Answer, ask_more: AskMore, config: Config) -> Answer:
    """Return the answer with one climb of each kind: that with the median gain, and what each rule would keep of it.

    A single climb may have a lucky baseline and never improve. `gains` holds the gains of all, in ascending order.
    """
    found: list[Mapping[str, Any]] = []
    for _, several in groupby(answer["climbs"], lambda one: one["name"]):
        climbs = sorted(several, key=lambda one: _gain(one, config))
        one = climbs[len(climbs) // 2]
        if "delta_ses" not in one:  # the server has judged its climbs itself
            found += climbs
            continue
        keeps = {str(rule): _false_keeps(one, rule, config, ask_more) for rule in RULES}
        gains = [_gain(climb, config) for climb in climbs]
        found.append({"name": one["name"], "val_aucs": one["val_aucs"], "false_keeps": keeps, "gains": gains})
    return {**answer, "climbs": found}


def _gain(climb: Mapping[str, Any], config: Config) -> float:
    return (climbed(climb["val_aucs"], config) or [0.0])[-1]


def _false_keeps(climb: Mapping[str, Any], rule: Rule, config: Config, ask_more: AskMore) -> int:
    """Judge the experiments of a climb in order, and count those that the rule keeps."""
    metric = config.metric
    alone = replace(config, metrics=(metric,), constraints=(), look_at=None, rule=rule, margin=MARGIN_SES)
    history: list[Experiment] = []
    for n, value in enumerate(climb["val_aucs"]):
        old, numbers = best(history), {metric.name: value}
        error = climb["delta_ses"][n].get(str(old.n)) if old else None
        found = judge(Measurement(Ending.OK, numbers=numbers, delta_se=error), history, alone)
        verdict = found.verdict
        if verdict is Verdict.KEEP and rule is Rule.CONFIRM and old is not None:
            fresh = ask_more({"kind": climb["kind"], "repeat": climb["repeat"], "pair": [old.n, n]})["delta"]
            verdict = verdict if is_confirmed(found.delta, fresh, metric.direction) else Verdict.DISCARD
        history.append(Experiment(n, "", "", verdict, metric=value, metrics=numbers))
    return sum(old.verdict is Verdict.KEEP for old in history)


def placebo_lines(answer: Mapping[str, Any], history: Sequence[Experiment], config: Config, *, width: int) -> list[str]:
    """Return each climb as a text chart on one scale, the run first, with its gain and its number of keeps."""
    own = [(old.metric if old.verdict.is_believed else None) for old in _compared(history)]
    kept = sum(old.verdict is Verdict.KEEP for old in history)
    rows, ends = [("this run", climbed(own, config), f"{kept} kept")], {}
    for climb in answer["climbs"]:
        name, gains = NAMES.get(str(climb["name"]), str(climb["name"])), climbed(climb["val_aucs"], config)
        rows.append((name, gains, _keeps(climb)))
        ends[name] = [float(gain) for gain in climb.get("gains") or gains[-1:]]
    top = max((gains[-1] for _, gains, _ in rows if gains), default=0.0)
    lines = [f"gain of the best so far over the baseline ({config.metric.name}); full height {top:+.4f}"]
    for name, gains, text in rows:
        if gains:
            tries = len(gains) - 1
            how_many = "1 try" if tries == 1 else f"{tries} tries"
            lines.append(f"{name:<16}{_steps(gains, top, width)} {gains[-1]:+.4f} in {how_many}; {text}")
    return [*lines, *_comparison(rows[0][1], ends, history)]


def climbed(values: Sequence[object], config: Config) -> list[float]:
    """Return the gain of the best so far after each try, starting with 0; nothing without a baseline."""
    known = [float(value) if is_number(value) else None for value in values]  # type: ignore[arg-type]  # checked
    if not known or known[0] is None:
        return []
    sign, first, best, gains = 1 if config.metric.direction is Direction.MAXIMIZE else -1, known[0], 0.0, []
    for value in known:
        best = best if value is None else max(best, sign * (value - first))
        gains.append(best)
    return gains


def _steps(gains: Sequence[float], top: float, width: int) -> str:
    """Draw a climb with one character for each try. If there are more tries than `width`, each covers several."""
    n = min(width, len(gains))
    picked = [gains[(i + 1) * len(gains) // n - 1] for i in range(n)]
    return "".join(STEPS[round((len(STEPS) - 1) * gain / top) if top > 0 else 0] for gain in picked).ljust(width)


def _keeps(climb: Mapping[str, Any]) -> str:
    counts = climb.get("false_keeps") or {}
    counted = [f"{rule} {counts[rule]}" for rule in RULES if counts.get(rule) is not None]
    gains = [float(gain) for gain in climb.get("gains") or ()]
    spread = ""
    if len(gains) > 1:
        spread = f"; {len(gains)} climbs, {gains[0]:+.4f} to {gains[-1]:+.4f}, this is the {MIDDLE[len(gains) % 2]} one"
    return f"false keeps: {', '.join(counted)}{spread}"


def _comparison(own: Sequence[float], ends: Mapping[str, Sequence[float]], history: Sequence[Experiment]) -> list[str]:
    """Return which placebos gained as much as the run, and in how many of their climbs."""
    if len(own) < 2 or baseline(history) is None:
        return []
    counts = {name: sum(end >= own[-1] for end in reached) for name, reached in ends.items()}
    higher = [f"{name} ({count} of {len(ends[name])})" for name, count in counts.items() if count]
    if not higher:
        return ["no placebo gained as much. This alone proves little; `uv run ratchet conclude` tests it"]
    return [f"placebos that gained as much or more: {', '.join(higher)}. Chance alone can explain a gain of this size"]


def _compared(history: Sequence[Experiment]) -> list[Experiment]:
    """Return the baseline and the tries."""
    return [old for old in history if old.n == 0 or is_try(old)]
