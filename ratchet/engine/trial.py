"""Put an experiment that was begun to the test: measure it, judge it, confirm it, check it, inspect it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from ratchet.core.config import Rule
from ratchet.core.decision import Judgement, is_confirmed, judge, to_beat
from ratchet.core.output_parser import last_line
from ratchet.core.records import REASON_CHARS, Begun, Ending, Experiment, Measurement, Verdict, best, one_line
from ratchet.core.text import number_text
from ratchet.engine.measure import Candidate, Measurer, Progress, checkout, run_command
from ratchet.engine.reviewer import inspected
from ratchet.repo import git
from ratchet.repo.run import Run


class Trial:
    """The means to test the experiments of a run."""

    def __init__(self, run: Run, measurer: Measurer, progress: Progress, should_stop: Callable[[], bool]) -> None:
        self._run = run
        self._config = run.worktree.config
        self._measurer = measurer
        self._progress = progress
        self._should_stop = should_stop

    def test(self, begun: Begun, earlier: Sequence[Experiment]) -> Experiment:
        """Return what became of an experiment; `earlier` is the history before it."""
        experiment = self._examine(begun, earlier)
        if experiment.verdict is not Verdict.KEEP or not self._config.inspect:
            return experiment
        self._progress("a second look")
        incumbent = best(earlier)
        return inspected(self._run, experiment, incumbent.commit if incumbent else begun.parent, self._should_stop)

    def _examine(self, begun: Begun, earlier: Sequence[Experiment]) -> Experiment:
        """Return the experiment as numbers and checks decide it."""
        twin = find_twin(begun, earlier)
        measured = self._measure(begun, earlier, twin)
        judgement = self._judge(begun, measured, earlier, twin)
        incumbent, proposal = best(earlier), begun.proposal
        return Experiment(
            n=begun.n,
            commit=begun.commit,
            parent=begun.parent,
            verdict=judgement.verdict,
            metric=measured.numbers.get(self._config.metric.name),
            metrics=dict(measured.numbers),
            prev=incumbent.metric if incumbent else None,
            delta=judgement.delta,
            delta_se=measured.delta_se,
            confirm_delta=judgement.confirm_delta,
            prediction=proposal.prediction,
            folds_won=measured.folds_won,
            bound=measured.bound,
            hypothesis=measured.hypothesis or proposal.hypothesis or self._plain_hypothesis(begun),
            reason=one_line(judgement.reason, REASON_CHARS),
            strategy=proposal.strategy,
            note=proposal.note,
            file_hash=begun.file_hash,
            code_chars=begun.code_chars,
            at=begun.at,
            agent=proposal.agent,
            cpu_time_s=measured.cpu_time_s,
            wall_time_s=measured.wall_time_s,
            peak_memory_mb=measured.peak_memory_mb,
            warnings=(*proposal.warnings, *judgement.warnings),
            reused=twin.n if twin else None,
            ending=measured.ending,
            stdout=measured.stdout,
        )

    def _measure(self, begun: Begun, earlier: Sequence[Experiment], twin: Experiment | None) -> Measurement:
        """Measure the commit, unless there is nothing to learn from it."""
        if not begun.proposal.is_sound:
            return _unmeasured(begun)
        if twin is not None:
            return _measurement_of(twin, begun)
        if begun.n == 0 and self._config.baseline:
            return Measurement(Ending.OK, numbers=dict(self._config.baseline))
        incumbent = best(earlier)
        beat = to_beat(incumbent, self._config, code_chars=begun.code_chars)
        candidate = Candidate(begun.commit, incumbent.commit if incumbent else None, beat)
        return self._measurer.measure(candidate, self._progress)

    def _judge(
        self, begun: Begun, measured: Measurement, earlier: Sequence[Experiment], twin: Experiment | None
    ) -> Judgement:
        incumbent = best(earlier)
        if twin is not None and twin is incumbent:
            return Judgement(Verdict.DISCARD, "no change")
        judgement = judge(measured, earlier, self._config, code_chars=begun.code_chars)
        if twin is not None:
            seen = f"same code as iter {twin.n}"
            judgement = replace(judgement, reason=f"{seen}: {judgement.reason}" if judgement.reason else seen)
        if judgement.verdict is Verdict.KEEP and incumbent is not None and self._config.rule is Rule.CONFIRM:
            judgement = self._confirm(begun, judgement, incumbent)
        return self._check(begun, judgement) if judgement.verdict is Verdict.KEEP else judgement

    def _confirm(self, begun: Begun, judgement: Judgement, incumbent: Experiment) -> Judgement:
        """Measure the new and the old best on one fresh partition, and be strict again."""
        self._progress("a fresh partition, to confirm")
        metric = self._config.metric
        new, old = (
            self._measurer.measure(Candidate(commit, partition=begun.n), self._progress).numbers.get(metric.name)
            for commit in (begun.commit, incumbent.commit)
        )
        fresh = None if new is None or old is None else new - old
        shown = f"a fresh partition: {number_text(new) or 'no number'} against {number_text(old) or 'no number'}"
        if is_confirmed(judgement.delta, fresh, metric.direction):
            reason = f"{judgement.reason}; confirmed on {shown}" if judgement.reason else f"confirmed on {shown}"
            return replace(judgement, confirm_delta=fresh, reason=reason)
        return replace(judgement, confirm_delta=fresh, verdict=Verdict.DISCARD, reason=f"not confirmed on {shown}")

    def _check(self, begun: Begun, judgement: Judgement) -> Judgement:
        """Run the checks that a better number must pass before it is kept."""
        checks = self._config.checks
        place = checkout(self._run, begun.commit, "check") if checks else self._run.folder
        for check in checks:
            self._progress(f"check: {check}")
            outcome = run_command(self._run, check, place, self._should_stop)
            if not outcome.is_ok:
                proposal = outcome.failure or last_line(outcome.stderr) or last_line(outcome.stdout)
                how = f"{outcome.stopped_by} limit" if outcome.stopped_by else f"exit {outcome.exit_code}"
                return replace(judgement, verdict=Verdict.REJECT, reason=f"check failed: {check}: {how}: {proposal}")
        return judgement

    def _plain_hypothesis(self, begun: Begun) -> str:
        """Describe an edit that nobody described."""
        if begun.n == 0:
            return "as it stood at the start"
        worktree = self._run.worktree
        added, removed = git.count_lines(worktree.repo, begun.parent, begun.commit, worktree.editable)
        return f"{', '.join(worktree.config.editable)}: +{added} -{removed} lines" if added or removed else ""


def find_twin(begun: Begun, earlier: Sequence[Experiment]) -> Experiment | None:
    """Return the experiment with the same code whose measurement stands for this one, the best before all others."""
    if not begun.proposal.is_sound:
        return None
    twins = [old for old in earlier if old.file_hash == begun.file_hash]
    incumbent = best(earlier)
    if incumbent in twins:
        return incumbent
    return next((old for old in reversed(twins) if _can_stand_for(old)), None)


def _can_stand_for(old: Experiment) -> bool:
    """Say whether it was measured, and not refused: that may be for what the hash leaves out, such as its docstring."""
    return old.wall_time_s is not None and old.ending is not Ending.REJECT


def _unmeasured(begun: Begun) -> Measurement:
    proposal = begun.proposal
    if proposal.trespass:
        return Measurement(Ending.REJECT, reason=f"edited {', '.join(proposal.trespass)}, which is frozen")
    return Measurement(proposal.ending, reason=proposal.failure)


def _measurement_of(twin: Experiment, begun: Begun) -> Measurement:
    """Return what was measured of a twin; its evidence was against another best and does not carry over."""
    return Measurement(
        ending=twin.ending,
        numbers=twin.metrics,
        reason=twin.reason if twin.ending is not Ending.OK else "",
        hypothesis=begun.proposal.hypothesis,
        bound=twin.bound,
        stdout=twin.stdout,
    )
