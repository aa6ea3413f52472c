"""One experiment from its commit to its consequences: measure, judge and check it, then act on the verdict.

Every act is safe to repeat, so an interrupted experiment is finished by doing all of them again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from ratchet.core.config import Config, Rule
from ratchet.core.decision import Judgement, is_confirmed, judge, remarks, to_beat
from ratchet.core.output_parser import last_line
from ratchet.core.records import (
    NO_CHANGE,
    REASON_CHARS,
    Begun,
    Ending,
    Experiment,
    Measurement,
    Verdict,
    baseline,
    best,
    one_line,
)
from ratchet.core.text import SHORT, listing, number_text, results_tsv
from ratchet.engine.measure import (
    LEAST_WALL_S,
    Candidate,
    Measurer,
    Progress,
    checkout,
    log_text,
    run_command,
    why_it_failed,
    write_log,
)
from ratchet.engine.reviewer import inspected
from ratchet.process import Echo
from ratchet.repo import git
from ratchet.repo.run import Run


class Trial:
    """Measures and judges the experiments of a run."""

    def __init__(
        self,
        run: Run,
        measurer: Measurer,
        progress: Progress,
        should_stop: Callable[[], bool],
        echo: Echo | None = None,
    ) -> None:
        self._run = run
        self._echo = echo
        self._config = run.worktree.config
        self._measurer = measurer
        self._progress = progress
        self._should_stop = should_stop

    def test(self, begun: Begun, earlier: Sequence[Experiment]) -> Experiment:
        """Return the experiment with its verdict; `earlier` is the history before it."""
        incumbent = best(earlier)
        experiment = self._examine(begun, earlier, incumbent)
        warnings = (*experiment.warnings, *remarks(experiment, earlier, self._config))
        experiment = replace(experiment, warnings=warnings)
        if experiment.verdict is not Verdict.KEEP or not self._config.inspect:
            return experiment
        self._progress("the inspector reviews the edit")
        return inspected(self._run, experiment, incumbent.commit if incumbent else begun.parent, self._should_stop)

    def _examine(self, begun: Begun, earlier: Sequence[Experiment], incumbent: Experiment | None) -> Experiment:
        """Return the experiment with the verdict that its numbers and the checks give."""
        twin, proposal = find_twin(begun, earlier, incumbent), begun.proposal
        measured = self._measure(begun, incumbent, twin, wall_limit(self._config, earlier))
        if measured.log:
            write_log(self._run, begun.n, measured.log)
        judgement = self._judge(begun, measured, earlier, incumbent, twin)
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
            code_nodes=begun.code_nodes,
            code_lines=begun.code_lines,
            at=begun.at,
            agent=proposal.agent,
            tokens=proposal.tokens,
            cost_usd=proposal.cost_usd,
            cpu_time_s=measured.cpu_time_s,
            wall_time_s=measured.wall_time_s,
            peak_memory_mb=measured.peak_memory_mb,
            warnings=(*proposal.warnings, *judgement.warnings),
            reused=twin.n if twin else None,
            ending=measured.ending,
            stdout=measured.stdout,
        )

    def _measure(
        self, begun: Begun, incumbent: Experiment | None, twin: Experiment | None, wall_s: float | None
    ) -> Measurement:
        """Measure the commit, unless its result is known already."""
        if not begun.proposal.is_sound:
            return _unmeasured(begun)
        if twin is not None:
            return _measurement_of(twin, begun)
        if begun.n == 0 and self._config.baseline:
            return Measurement(Ending.OK, numbers=dict(self._config.baseline))
        beat = to_beat(incumbent, self._config, size=begun.size)
        candidate = Candidate(begun.commit, incumbent.commit if incumbent else None, beat, wall_s=wall_s)
        return self._measurer.measure(candidate, self._progress)

    def _judge(
        self,
        begun: Begun,
        measured: Measurement,
        earlier: Sequence[Experiment],
        incumbent: Experiment | None,
        twin: Experiment | None,
    ) -> Judgement:
        if twin is not None and twin is incumbent:
            return Judgement(Verdict.DISCARD, NO_CHANGE)
        judgement = judge(measured, earlier, self._config, size=begun.size)
        if twin is not None:
            seen = f"same code as iter {twin.n}"
            judgement = replace(judgement, reason=f"{seen}: {judgement.reason}" if judgement.reason else seen)
        if judgement.verdict is Verdict.KEEP and incumbent is not None and self._config.rule is Rule.CONFIRM:
            judgement = self._confirm(begun, judgement, incumbent)
        return self._check(begun, judgement) if judgement.verdict is Verdict.KEEP else judgement

    def _confirm(self, begun: Begun, judgement: Judgement, incumbent: Experiment) -> Judgement:
        """Compare the new and the old best strictly on one fresh partition."""
        self._progress("confirming on a fresh partition")
        metric = self._config.metric
        new, old = (self._measure_afresh(begun, commit) for commit in (begun.commit, incumbent.commit))
        fresh = None if new is None or old is None else new - old
        shown = f"a fresh partition: {number_text(new) or 'no number'} against {number_text(old) or 'no number'}"
        if is_confirmed(judgement.delta, fresh, metric.direction):
            reason = f"{judgement.reason}; confirmed on {shown}" if judgement.reason else f"confirmed on {shown}"
            return replace(judgement, confirm_delta=fresh, reason=reason)
        return replace(judgement, confirm_delta=fresh, verdict=Verdict.DISCARD, reason=f"not confirmed on {shown}")

    def _measure_afresh(self, begun: Begun, commit: str) -> float | None:
        measured = self._measurer.measure(Candidate(commit, partition=begun.n), self._progress)
        if measured.log:
            write_log(self._run, begun.n, f"\npartition {begun.n}, {commit[:SHORT]}\n{measured.log}", is_first=False)
        return measured.numbers.get(self._config.metric.name)

    def _check(self, begun: Begun, judgement: Judgement) -> Judgement:
        """Run the checks that an edit must pass before it is kept."""
        checks = self._config.checks
        place = checkout(self._run, begun.commit, "check") if checks else self._run.folder
        for check in checks:
            self._progress(f"check: {check}")
            outcome = run_command(self._run, check, place, self._should_stop, echo=self._echo)
            log = log_text(check, outcome, self._config, folder=str(place))
            write_log(self._run, begun.n, f"\n{log}", is_first=False)
            if not outcome.is_ok:
                why = outcome.failure or why_it_failed(outcome, str(place)) or last_line(outcome.stdout)
                how = f"{outcome.stopped_by} limit" if outcome.stopped_by else f"exit {outcome.exit_code}"
                return replace(judgement, verdict=Verdict.REJECT, reason=f"check failed: {check}: {how}: {why}")
        return judgement

    def _plain_hypothesis(self, begun: Begun) -> str:
        """Describe an edit whose author gave no hypothesis."""
        if begun.n == 0:
            return "the code at the start of the run"
        worktree = self._run.worktree
        added, removed = git.count_lines(worktree.repo, begun.parent, begun.commit, worktree.editable)
        paths = filter(worktree.is_editable, git.changed(worktree.repo, begun.parent, begun.commit))
        return f"{listing(worktree.names_of(list(paths)))}: +{added} -{removed} lines" if added or removed else ""


def wall_limit(config: Config, earlier: Sequence[Experiment]) -> float | None:
    """Return the wall-clock limit of a measurement relative to the baseline, or None if the config has none."""
    first = baseline(earlier)
    if config.timeout_factor is None or first is None or first.wall_time_s is None:
        return None
    return max(LEAST_WALL_S, config.timeout_factor * first.wall_time_s)


def find_twin(begun: Begun, earlier: Sequence[Experiment], incumbent: Experiment | None) -> Experiment | None:
    """Return an earlier experiment with the same code whose measurement can be reused, preferably the best one."""
    if not begun.proposal.is_sound:
        return None
    twins = [old for old in earlier if old.file_hash == begun.file_hash]
    if incumbent in twins:
        return incumbent
    return next((old for old in reversed(twins) if _is_reusable(old)), None)


def _is_reusable(old: Experiment) -> bool:
    """Say whether it was measured. A rejection may be due to text that the hash ignores, such as the docstring."""
    return old.wall_time_s is not None and old.ending is not Ending.REJECT and not old.is_machine_fault


def _unmeasured(begun: Begun) -> Measurement:
    proposal = begun.proposal
    if proposal.trespass:
        return Measurement(Ending.REJECT, reason=f"edited {', '.join(proposal.trespass)}, which is frozen")
    return Measurement(proposal.ending, reason=proposal.failure)


def _measurement_of(twin: Experiment, begun: Begun) -> Measurement:
    """Return the measurement of a twin without its evidence, which was relative to another best."""
    return Measurement(
        ending=twin.ending,
        numbers=twin.metrics,
        reason=twin.reason if twin.ending is not Ending.OK else "",
        hypothesis=begun.proposal.hypothesis,
        bound=twin.bound,
        stdout=twin.stdout,
    )


def keep_ref(run: Run, begun: Begun) -> None:
    """Keep the commit of an experiment under its ref, whatever the verdict. Raises GitError if git cannot write it."""
    git.set_ref(run.worktree.repo, run.ref(begun.n), begun.commit, "ratchet: experiment")


def settle(run: Run, experiment: Experiment, history: Sequence[Experiment], *, is_again: bool = False) -> bool:
    """Act on the last verdict of a history; return False if the branch moved and the experiment must be repeated.

    `is_again`: a later process makes sure of it. The worktree stays as it is then if it was cleared before, or if a
    machine failed to measure: the same code may be there again, as the next edit.
    """
    repo = run.worktree.repo
    if experiment.verdict is Verdict.KEEP and not git.is_ancestor(repo, experiment.commit, run.branch):
        reason = f"ratchet: keep iter {experiment.n}"
        if not git.move_ref(repo, run.branch, experiment.commit, experiment.parent, reason):
            return False
    if git.head_branch(repo) == run.branch:  # else the user switched branches: leave their files alone
        if experiment.verdict is Verdict.KEEP and git.resolve(repo, run.branch) == experiment.commit:
            paths = run.worktree.editable_files(experiment.commit, experiment.parent)
            git.settle_index(repo, experiment.commit, paths)
        is_next = is_again and (experiment.is_machine_fault or not is_pending(run, history))
        if experiment.n > 0 and not is_next:
            _clear_worktree(run, experiment, history)
    write_results(run, history)
    return True


def mend_branch(run: Run, top: Experiment, tip: str) -> str:
    """Restore the best on the branch if the user's `tip` has other editable or frozen files.

    The branch moves forward, by a commit on top of the user's. If the branch was reset and no longer contains the
    best, it is pointed at the best again and the user's tip is kept under a ref. Returns a sentence about what was
    done, or "" if nothing had to be done or the branch moved meanwhile.
    """
    repo = run.worktree.repo
    if tip == top.commit:
        return ""
    paths = [path for path in git.changed(repo, top.commit, tip) if run.worktree.is_ours(path)]
    if not git.is_ancestor(repo, top.commit, tip):
        new, ref = top.commit, f"refs/ratchet/{run.tag}/moved-{tip[:12]}"
        warning = f"The branch was moved off iter {top.n}, the best, and is back. `git log {ref}` shows what it held."
        git.set_ref(repo, ref, tip, "ratchet: moved by hand")
    elif paths:
        names = ", ".join(paths)
        back = f"restore {names} of iter {top.n}, the best\n"
        new = git.make_commit(repo, tip, git.files_of(repo, top.commit, paths), back)
        warning = f"{names}: committed without a measurement. A commit on top restores iter {top.n}, the best."
    else:
        return ""
    if not git.move_ref(repo, run.branch, new, tip, f"ratchet: back to iter {top.n}"):
        return ""
    if git.head_branch(repo) == run.branch:
        git.settle_index(repo, new, paths)
    return warning


def is_edited(run: Run, commit: str) -> bool:
    """Say whether the editable files in the worktree differ from a commit."""
    return bool(run.worktree.edited_files(commit))


def put_aside(run: Run, n: int, best_commit: str) -> str:
    """Save the edit in the worktree under a ref, restore the best, and return the ref."""
    repo, editable = run.worktree.repo, run.worktree.editable_files(best_commit)
    files = git.store_worktree_files(repo, editable, best_commit)
    commit = git.make_commit(repo, best_commit, files, f"iter {n}: interrupted edit\n")
    ref = f"refs/ratchet/{run.tag}/interrupted-{n}"
    git.set_ref(repo, ref, commit, "ratchet: interrupted")
    git.put_back(repo, best_commit, editable)
    return ref


def write_results(run: Run, history: Sequence[Experiment]) -> None:
    """Rewrite results.tsv atomically."""
    for target in filter(None, (run.results, run.table)):
        temporary = target.with_name(".results.tsv.ratchet~")
        temporary.write_text(results_tsv(history, run.worktree.config), "utf-8")
        temporary.replace(target)


def is_pending(run: Run, history: Sequence[Experiment]) -> bool:
    """Say whether results.tsv lacks the last row alone: to write it is the last consequence of a verdict.

    A table that was deleted, edited or belongs to another run says nothing about that.
    """
    known = results_tsv(history[:-1], run.worktree.config)
    return run.results.exists() and run.results.read_text("utf-8") == known


def _clear_worktree(run: Run, experiment: Experiment, history: Sequence[Experiment]) -> None:
    """Restore the best in the worktree, unless the user edited it after the experiment began: that is the next edit."""
    repo, parent = run.worktree.repo, experiment.parent
    now, before = best(history), best(old for old in history if old.n != experiment.n)
    known = [experiment.commit, before.commit if before else parent]
    editable = run.worktree.editable_files(parent, *known)
    on_worktree = git.store_worktree_files(repo, editable, experiment.commit)
    if any(not git.differing(on_worktree, git.files_of(repo, commit, editable)) for commit in known):
        git.put_back(repo, now.commit if now else parent, editable)
    _undo_trespass(run, experiment)


def _undo_trespass(run: Run, experiment: Experiment) -> None:
    """Restore the frozen files that an agent edited; the commit holds the agent's edits and not the user's."""
    repo = run.worktree.repo
    edited = git.edited(repo, experiment.parent, run.worktree.frozen)
    on_worktree = git.store_worktree_files(repo, edited, experiment.commit)
    theirs = {*edited} - {*git.differing(on_worktree, git.files_of(repo, experiment.commit, edited))}
    git.put_back(repo, experiment.parent, sorted(theirs))
