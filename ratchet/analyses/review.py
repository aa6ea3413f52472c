"""The review of a run: soundness, quality, significance and completeness, computed from the journal alone. Pure.

It contains no audit numbers, because an agent may read it and continue the run.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from ratchet.analyses.conclude import COMMAND
from ratchet.core.bandit import count_arms
from ratchet.core.config import Config, Direction
from ratchet.core.noise import FLOOR_SES, FLOOR_TRIES, count_tries, noise_floor
from ratchet.core.output_parser import read_words
from ratchet.core.records import Experiment, Verdict, baseline, best, one_line
from ratchet.core.stop_rules import since_gain
from ratchet.core.table import summary_line
from ratchet.core.text import CLEAR_SES, delta_text, evidence_text, is_clear, number_text
from ratchet.engine.prompt import PLATEAU

LARGE_EDIT = 40  # lines added and removed; a larger edit is rarely a single idea
NEAR_SES = 1.0  # a discarded edit within this many standard errors of the best is a near-miss
NAMED = 5  # a line names this many experiments, and counts the others
__all__ = ["FLOOR_SES", "FLOOR_TRIES", "ReviewLine", "RunFacts", "has_gain", "noise_floor", "result_message", "review"]

SUPPORTED = "supported"  # the harness's verdict on a real gain
_CONCLUDED = ("word", "reasons", "caveat")
FAILURES = (Verdict.CRASH, Verdict.TIMEOUT)
QUESTIONS = """- Does each kept hypothesis say why it helps, and would an expert believe it?
- What do the failures show, and is every line of the kept code still needed?"""


@dataclass(frozen=True, slots=True)
class RunFacts:
    """The facts about a run, from its journal and the repo.

    `changed` describes what has changed since the start ("" for nothing). `sizes` is the number of lines that each kept
    experiment added and removed. `unfinished` is an experiment without a verdict. `conclusion` is the answer of the
    analysis `conclude`, if it is up to date. `unreviewed` holds the bytes of each file on the branch that is no part of
    an experiment, None for a removed one.
    """

    tag: str
    config: Config
    history: Sequence[Experiment]
    sizes: Mapping[int, int]
    changed: str = ""
    unfinished: int | None = None
    conclusion: Mapping[str, Any] | None = None
    unreviewed: Mapping[str, int | None] = field(default_factory=dict)

    @property
    def tried(self) -> list[Experiment]:
        """Every experiment but the baseline."""
        return [experiment for experiment in self.history if experiment.n > 0]

    @property
    def kept(self) -> list[Experiment]:
        """The experiments that moved the branch."""
        return [experiment for experiment in self.tried if experiment.verdict is Verdict.KEEP]


@dataclass(frozen=True, slots=True)
class ReviewLine:
    """One line of the review, and whether it is good or needs attention."""

    is_good: bool
    text: str


def has_gain(history: Sequence[Experiment]) -> bool:
    """Return whether the run kept an experiment."""
    return any(experiment.verdict is Verdict.KEEP for experiment in history)


def review(facts: RunFacts) -> str:
    """Return the review of a run as a short Markdown text."""
    parts = [
        f"# Review of run {facts.tag}\n\n{summary_line(facts.history, facts.config)}.",
        _section("Soundness", _soundness(facts)),
        _section("Quality", _quality(facts)),
        _section("Significance", _significance(facts)),
        _section("Completeness", _completeness(facts)),
        f"## For a reader to answer\n\n{QUESTIONS}",
        "## Next steps\n\n" + "\n".join(f"- {step}" for step in _next_steps(facts)),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def result_message(facts: RunFacts) -> str:
    """Return the message of the squashed commit of a run: each kept hypothesis with its numbers."""
    first, top, name = baseline(facts.history), best(facts.history), facts.config.metric.name
    numbers = " → ".join(number_text(found.metric) for found in (first, top) if found and found.metric is not None)
    subject = f"run {facts.tag}: {name} {numbers}, {len(facts.kept)} of {_count(facts.tried)} kept"
    return "\n".join([subject, "", *map(_kept_line, facts.kept)]) + "\n"


def _section(title: str, findings: Sequence[ReviewLine]) -> str:
    lines = [f"- {'ok' if finding.is_good else 'look'}: {finding.text}" for finding in findings]
    return "\n".join([f"## {title}", "", *lines]) if lines else ""


def _soundness(facts: RunFacts) -> list[ReviewLine]:
    seen = facts.changed or "config, frozen files and data settings are unchanged since the start"
    found = [ReviewLine(not facts.changed, f"fingerprint: {seen}"), *_printed_findings(facts)]
    if facts.unfinished is not None:
        text = f"iter {facts.unfinished} has no verdict yet; `uv run ratchet step` finishes it"
        found.append(ReviewLine(False, text))
    for verdict in (Verdict.CRASH, Verdict.TIMEOUT, Verdict.REJECT):
        ended = [experiment for experiment in facts.tried if experiment.verdict is verdict]
        found += [ReviewLine(False, f"{verdict}: {_named(ended)}")] if ended else []
    warned = [experiment for experiment in facts.history if experiment.warnings]
    found += [ReviewLine(False, f"warnings: {_named(warned)}")] if warned else []
    return found + ([ReviewLine(False, unreviewed_text(facts.unreviewed))] if facts.unreviewed else [])


def unreviewed_text(files: Mapping[str, int | None]) -> str:
    """Name the files on the branch that no experiment measured, the largest first."""
    largest = sorted(files.items(), key=lambda row: (-(row[1] or 0), row[0]))
    shown = ", ".join(f"{path} ({'removed' if size is None else _size(size)})" for path, size in largest[:NAMED])
    more = f" and {len(files) - NAMED} more" if len(files) > NAMED else ""
    are = "1 file is" if len(files) == 1 else f"{len(files)} files are"
    return f"{are} on the branch and in no experiment: {shown}{more}; `uv run ratchet finish --squash` leaves them out"


def _size(n_bytes: int) -> str:
    for unit, factor in (("MB", 1e6), ("kB", 1e3)):
        if n_bytes >= factor:
            return f"{n_bytes / factor:.1f} {unit}"
    return f"{n_bytes} byte{'' if n_bytes == 1 else 's'}"


def _printed_findings(facts: RunFacts) -> list[ReviewLine]:
    """Read the lines `fingerprint:` and `leaks:`, if the measuring command prints them."""
    found = []
    prints = Counter(filter(None, (read_words(old.stdout, r"^fingerprint:") for old in facts.history)))
    if prints:
        shown = ", ".join(f"{text} ({count}×)" for text, count in prints.most_common())
        found.append(ReviewLine(len(prints) == 1, f"the harness printed the fingerprint {shown}"))
    leaks = [(old, printed) for old in facts.history if (printed := read_words(old.stdout, r"^leaks:"))]
    leaks = [(old, printed) for old, printed in leaks if printed != "nan"]  # nan: it was not checked
    failed = [(old, printed) for old, printed in leaks if printed != "none"]
    if leaks:
        shown = "; ".join(f"iter {old.n} {printed} ({old.verdict})" for old, printed in failed) or "none failed"
        is_good = not any(old.verdict.advances for old, _ in failed)
        found.append(ReviewLine(is_good, f"leak checks over {len(leaks)} measurements: {shown}"))
    return found


def _quality(facts: RunFacts) -> list[ReviewLine]:
    tried, kept = facts.tried, facts.kept
    if not tried:
        return []
    unnamed = [old for old in tried if not old.hypothesis or re.search(r": \+\d+ -\d+ lines$", old.hypothesis)]
    noted = sum(bool(old.note) for old in tried)
    named = f"{len(tried) - len(unnamed)} of {_count(tried)} state a hypothesis"
    found = [ReviewLine(not unnamed, f"{named}; not {_named(unnamed)}" if unnamed else named)]
    found.append(ReviewLine(noted == len(tried), f"{noted} of {_count(tried)} have a note"))
    large = [old for old in kept if facts.sizes.get(old.n, 0) > LARGE_EDIT]
    if kept:
        size = f"the median kept edit changes {median(facts.sizes.get(old.n, 0) for old in kept):g} lines"
        more = f"; more than {LARGE_EDIT}, perhaps several ideas: {_named(large)}" if large else ""
        found.append(ReviewLine(not large, size + more))
    return found


def _significance(facts: RunFacts) -> list[ReviewLine]:
    first, top, tries = baseline(facts.history), best(facts.history), count_tries(facts.tried)
    if not facts.kept:
        return [ReviewLine(True, f"no gain in {_count(facts.tried)}: the baseline stands")] if tries else []
    if first is None or top is None or first.metric is None or top.metric is None:
        return [ReviewLine(False, "an experiment was kept, but the baseline has no number to compare it with")]
    sign = 1 if facts.config.metric.direction is Direction.MAXIMIZE else -1
    change, floor = top.metric - first.metric, noise_floor(facts.tried)
    tried = "1 try" if tries == 1 else f"{tries} tries"
    gain = f"best gain {delta_text(change, top.metric)} ({facts.config.metric.name}) after {tried}"
    if floor is None:
        return [ReviewLine(False, f"{gain}; without measured standard errors it is unknown how much of it is chance")]
    is_above = sign * change > floor
    rule = f"{FLOOR_SES:g} × median paired SE = {number_text(floor)}, as measured at about {FLOOR_TRIES} tries"
    clear = sum(map(is_clear, facts.kept))
    return [
        *_concluded(facts),
        ReviewLine(is_above, f"{gain}: {'above' if is_above else 'below'} the noise floor ({rule})"),
        ReviewLine(
            clear > 0, f"{clear} of {len(facts.kept)} kept gains are clear, beyond {CLEAR_SES:g} SE, each alone"
        ),
    ]


def _concluded(facts: RunFacts) -> list[ReviewLine]:
    """Return the conclusion of the harness with its reasons and its caveat; nothing without a conclusion."""
    if facts.conclusion is None:
        return []
    word, reasons, caveat = (one_line(str(facts.conclusion.get(key) or ""), 400) for key in _CONCLUDED)
    return [ReviewLine(word == SUPPORTED, f"{word}: {reasons}" + (f" (not known: {caveat})" if caveat else ""))]


def _completeness(facts: RunFacts) -> list[ReviewLine]:
    untried, abandoned = _untried(facts), _abandoned(facts.tried)
    kinds = Counter(old.strategy or "unnamed" for old in facts.tried)
    found = []
    if kinds:
        shown = ", ".join(f"{kind} {count}" for kind, count in kinds.most_common())
        found.append(ReviewLine("unnamed" not in kinds, f"kinds of idea tried: {shown}"))
    if facts.config.bandit is not None:
        found.append(ReviewLine(not untried, f"kinds not tried: {', '.join(untried) or 'none'}"))
    if any(old.verdict in FAILURES for old in facts.tried):
        shown = _named(abandoned) if abandoned else "none"
        found.append(ReviewLine(not abandoned, f"failed without a number and not tried again: {shown}"))
    return found


def _next_steps(facts: RunFacts) -> list[str]:
    steps = []
    if not facts.kept:
        steps.append("Nothing to merge: `uv run ratchet finish --leave` switches back to the branch before the run.")
    elif facts.conclusion is None and facts.config.serve:
        steps.append(f"`{COMMAND}` estimates how much of the gain is real.")
    elif facts.conclusion is not None and not _significance(facts)[0].is_good:
        steps.append("Do not rely on the gain. New rows would show more about it than more experiments on these.")
    elif not _significance(facts)[0].is_good:
        steps.append('Measure the best again before you rely on it: use `rule = "confirm"` in a new run.')
    if untried := _untried(facts):
        steps.append(f"Try the kinds of idea not tried yet: {', '.join(untried)}.")
    if abandoned := _abandoned(facts.tried):
        steps.append(f"Fix and measure the experiments that failed without a number: {_named(abandoned)}.")
    if near := _near_misses(facts.tried):
        steps.append(f"Combine near-misses (within {NEAR_SES:g} SE of the best): {_named(near)}.")
    if since_gain(facts.tried) >= PLATEAU:
        steps.append(
            f"The last {since_gain(facts.tried)} experiments brought no gain. Try another kind of idea, or stop."
        )
    if facts.kept:
        steps.append("Review `uv run ratchet diff`, then open the pull request.")
    return steps


def _untried(facts: RunFacts) -> list[str]:
    bandit = facts.config.bandit
    return [arm.name for arm in count_arms(facts.tried, bandit) if not arm.tries] if bandit else []


def _abandoned(tried: Sequence[Experiment]) -> list[Experiment]:
    """Return the failures whose hypothesis, or kind of idea if it has one, was never measured later."""
    return [
        old
        for old in tried
        if old.verdict in FAILURES
        and not any(
            new.n > old.n
            and new.metric is not None
            and (new.hypothesis == old.hypothesis or (old.strategy and new.strategy == old.strategy))
            for new in tried
        )
    ]


def _near_misses(tried: Sequence[Experiment]) -> list[Experiment]:
    return [
        old
        for old in tried
        if old.verdict is Verdict.DISCARD and old.delta and old.delta_se and abs(old.delta) <= NEAR_SES * old.delta_se
    ]


def _kept_line(experiment: Experiment) -> str:
    numbers = f"{number_text(experiment.metric)} ({evidence_text(experiment)})"
    return f"- iter {experiment.n}: {numbers} — {one_line(experiment.hypothesis)}"


def _named(experiments: Sequence[Experiment]) -> str:
    names = [f"iter {experiment.n}" for experiment in experiments[:NAMED]]
    more = len(experiments) - len(names)
    return ", ".join(names) + (f" and {more} more" if more else "")


def _count(experiments: Sequence[Experiment]) -> str:
    return f"{len(experiments)} experiment{'' if len(experiments) == 1 else 's'}"
