"""Estimate how much of the gain of a run is real, and print the conclusion.

The harness computes it (harness/analyses) from all experiments, those of parallel loops included. Every printed number
names its method and its limit.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ratchet.analyses import client
from ratchet.core.records import Experiment, Verdict, one_line
from ratchet.engine.measure import Progress
from ratchet.engine.parallel import subrun_tags
from ratchet.errors import RatchetError
from ratchet.repo import journal
from ratchet.repo.journal import Event, latest_analysis
from ratchet.repo.run import Run
from ratchet.repo.sealing import is_closed


def conclude(run: Run, progress: Progress, *, finish_stopped: bool = False) -> Mapping[str, Any]:
    """Return the harness's conclusion on a run, recorded in the journal. Raises RatchetError as `client.ask` does."""
    events = journal.read_events(run.journal)
    history = journal.experiments(events)
    if not any(experiment.verdict is Verdict.BASELINE for experiment in history):
        raise RatchetError(f"run {run.tag}: the baseline has not been measured. Run `uv run ratchet step`.")
    experiments = _experiments_of(run, history)
    for subrun in (replace(run, tag=tag) for tag in subrun_tags(events)):
        # each experiment of a parallel loop counts as a comparison, and none as the winner of the run
        found = journal.read_experiments(subrun.journal)
        compared = [old for old in found if old.verdict in {Verdict.KEEP, Verdict.DISCARD}]
        experiments += [one | {"verdict": str(Verdict.DISCARD)} for one in _experiments_of(subrun, compared)]
    fields = {
        "experiments": experiments,
        "store": str(run.folder / "scores"),
        "sealed": is_closed(run.worktree.config, events),
        "finish_stopped": finish_stopped,
    }
    return client.ask(run, NAME, fields, progress)


def _experiments_of(run: Run, history: Sequence[Experiment]) -> list[dict[str, Any]]:
    """Return what the analysis needs of each experiment. A reused measurement of the same code counts once."""
    own = [experiment for experiment in history if experiment.reused is None or experiment.verdict.advances]
    beside = [
        {"prediction": experiment.prediction, "delta": experiment.delta, "store": str(run.folder / "scores")}
        for experiment in own
    ]
    return [one | more for one, more in zip(client.write_files(run, own), beside, strict=True)]


NAME = "conclude"
COMMAND = "uv run ratchet conclude"
LOOKED_UP = "the winner is overfitted to the training rows"
WIDTH = 18  # characters of the title of a line
TEXT_CHARS = 600  # maximum length of a text in the answer


def up_to_date(events: Iterable[Event], history: Sequence[Experiment]) -> Mapping[str, Any] | None:
    """Return the last conclusion if no experiment came after it, else None."""
    found = latest_analysis(events, NAME)
    if found is None or not history or found.get("upto") != max(experiment.n for experiment in history):
        return None
    answer = found.get("answer")
    return answer if isinstance(answer, Mapping) else None


def conclusion_lines(answer: Mapping[str, Any], metric: str, *, with_audit: bool = False) -> list[str]:
    """Return the conclusion as lines: the verdict, then the evidence, then what is not known."""
    count, seeds = answer.get("n_comparisons"), answer.get("seeds")
    naive = f"{_signed(answer.get('naive'))} {metric}, the best of {count} comparison{'' if count == 1 else 's'}"
    rows = [
        ("naive gain", naive),
        ("corrected gain", _corrected(answer)),
        ("fresh partitions", _fresh(answer)),
        ("held-out rows", _held_out(answer, with_audit=with_audit)),
        ("against plain", _gap(answer, with_audit=with_audit)),
        ("other seeds", _text(seeds, "text") if isinstance(seeds, Mapping) else ""),
        ("predictions", _calibration(answer)),
        ("because", _text(answer, "reasons")),
        ("not known", _text(answer, "caveat")),
    ]
    return [_text(answer, "word"), *(f"  {title:<{WIDTH}}{text}" for title, text in rows if text)]


def _corrected(answer: Mapping[str, Any]) -> str:
    found = answer.get("corrected")
    if not isinstance(found, Mapping):
        return "not measured"
    bound = " at most" if answer.get("n_stopped_early") else ""
    return (
        f"{_signed(found.get('mean'))}{bound}, 95 % interval {_signed(found.get('low'))} to "
        f"{_signed(found.get('high'))}, P(gain <= 0) = {_number(found.get('p_not_positive'), 2)} (BBC-CV, Tsamardinos "
        f"et al. 2018; {found.get('n_bootstraps')} bootstraps of {found.get('n_experiments')} experiments, no refit)"
    )


def _fresh(answer: Mapping[str, Any]) -> str:
    found = answer.get("fresh")
    if not isinstance(found, Mapping):
        return "not measured"
    return (
        f"{_signed(found.get('mean'))} ± {_number(found.get('se'))}, "
        f"one-sided p = {_number(found.get('p_greater'), 3)} "
        f"(corrected t-test, Nadeau and Bengio 2003; winner against baseline on {found.get('n_partitions')} partitions)"
    )


def _held_out(answer: Mapping[str, Any], *, with_audit: bool) -> str:
    found = answer.get("test")
    if not isinstance(found, Mapping):
        return ""
    if not with_audit:
        return f"measured; `{COMMAND} --audit` shows it"
    return f"{_area(found.get('baseline'))} → {_area(found.get('winner'))} (AUC, 95 % interval of DeLong et al. 1988)"


def _gap(answer: Mapping[str, Any], *, with_audit: bool) -> str:
    """Return the sentence on the validation gap. Without the audit, return only a warning, and no number."""
    found = answer.get("gap")
    if not isinstance(found, Mapping):
        return ""
    if with_audit:
        return _text(found, "text")
    return f"{LOOKED_UP}; `{COMMAND} --audit` shows it" if found.get("is_deeper") else ""


def _area(found: object) -> str:
    if not isinstance(found, Mapping):
        return "not measured"
    return f"{_number(found.get('auc'), 3)} ({_number(found.get('low'), 3)} to {_number(found.get('high'), 3)})"


def _calibration(answer: Mapping[str, Any]) -> str:
    found = answer.get("calibration")
    if not isinstance(found, Mapping):
        return ""
    hits = f"{found.get('sign_hits')} of {found.get('n')} had the right sign, off by "
    correlation = found.get("correlation")
    more = "" if correlation is None else f", correlation {_number(correlation, 2)}"
    return f"{hits}{_number(found.get('mean_absolute_error'))} on average{more}"


def _text(answer: Mapping[str, Any], key: str) -> str:
    return one_line(str(answer.get(key) or ""), TEXT_CHARS)


def _number(value: object, decimals: int = 4) -> str:
    return f"{value:.{decimals}f}" if isinstance(value, int | float) else "?"


def _signed(value: object) -> str:
    return f"{value:+.4f}" if isinstance(value, int | float) else "?"
