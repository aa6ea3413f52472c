"""One experiment after another: from the edit on the desk to the verdict and what follows from it.

Journal first, act second, every act safe to repeat: whatever instant a kill comes at, `Session.resume` ends in the
state that the same run would have reached undisturbed.

Work on a run: take its lock, get what measures ready, hand out a session, and leave nothing behind.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ratchet import process
from ratchet.core.records import NOTE_CHARS, Begun, Ending, Experiment, Proposal, Verdict, best, one_line
from ratchet.core.source_code import Code, read_code
from ratchet.engine.measure import AUDIT, MARK, CommandMeasurer, Measurer, Progress
from ratchet.engine.server_client import ServerMeasurer
from ratchet.engine.signals import ASKED, asker_of
from ratchet.engine.trial import Trial, is_edited, keep_ref, mend_branch, put_aside, settle
from ratchet.errors import RatchetError
from ratchet.repo import git, journal, lock
from ratchet.repo.journal import Event, EventKind
from ratchet.repo.run import Run, check_editable, check_unchanged, stamp
from ratchet.repo.sealing import check_seal

if TYPE_CHECKING:
    from ratchet.engine.loop import Screen

MOVES = 5  # how often a branch may move under an experiment before we give up measuring it again
NAME_CHARS = 60  # of a strategy or an agent


class Session:
    """A run being worked on: its history, and the means to go on with it. One at a time, under the run's lock."""

    def __init__(
        self,
        run: Run,
        measurer: Measurer,
        *,
        now: Callable[[], datetime],
        progress: Progress = lambda _: None,
        say: Callable[[str], None] = lambda _: None,
        should_stop: Callable[[], bool] = lambda: False,
    ) -> None:
        self.run = run
        self._measurer = measurer
        self._progress = progress
        self._trial = Trial(run, measurer, progress, should_stop)
        self._now = now
        self._say = say
        self.events = journal.read_events(run.journal)
        self.history = journal.experiments(self.events)

    @property
    def best(self) -> Experiment | None:
        """The experiment that the branch stands on."""
        return best(self.history)

    @property
    def next_n(self) -> int:
        """The number of the next experiment."""
        return 1 + max((event.data["n"] for event in self.events if event.kind is EventKind.BEGIN), default=-1)

    def resume(self) -> list[Experiment]:
        """Bring the run to where it was going when it was last left; return the experiments that this ended.

        Raises RatchetError when its numbers could not be compared any more.
        """
        process.sweep(MARK, str(self.run.folder))
        check_unchanged(self.run, self.events)
        if self.run.worktree.config.sealed:
            check_seal(self.run.tag, self.run.worktree.config, self.events)
        self._meet_harness()
        last = next(
            (event for event in reversed(self.events) if event.kind in {EventKind.BEGIN, EventKind.VERDICT}), None
        )
        if last is not None and last.kind is EventKind.BEGIN:
            return [self._finish(journal.begun_of(last.data))]
        if last is not None and not settle(self.run, self.history[-1], self.history):
            return [self._finish(self._move_onto_tip(self._begun(last.data["n"])))]
        self.clear_proposal()
        return []

    def baseline(self) -> Experiment:
        """Measure the branch's commit as it stands, as experiment 0, or take it from the config."""
        tip = self._tip()
        return self._finish(self._begin(tip, tip, Proposal(), self._read_tip(tip)))

    def adopt_baseline(self, source: Experiment) -> Experiment:
        """Take the measurement of another run's experiment on the same files as experiment 0 of this one."""
        tip = self._tip()
        begun = self._begin(tip, tip, Proposal(), self._read_tip(tip))
        same = replace(source, n=0, commit=tip, parent=tip, verdict=Verdict.BASELINE, file_hash=begun.file_hash)
        self._record(replace(same, prev=None, delta=None, reason="", strategy="", note="", at=begun.at))
        settle(self.run, self.history[-1], self.history)
        return self.history[-1]

    def step(self, proposal: Proposal | None = None) -> Experiment:
        """Measure what is on the desk, decide, act, and put the best back on the desk."""
        worktree, proposal = self.run.worktree, proposal or Proposal()
        try:
            for path in worktree.config.editable:
                check_editable(worktree, path)
        except RatchetError as error:
            return self._refuse(proposal, str(error))
        files = git.store_worktree_files(worktree.repo, [*worktree.editable, *proposal.trespass])
        return self._test_files(files, proposal)

    def graft(self, source: Experiment, proposal: Proposal) -> Experiment:
        """Measure what an experiment of another run came to, on top of this branch, and keep it if it is better."""
        worktree = self.run.worktree
        return self._test_files(git.files_of(worktree.repo, source.commit, worktree.editable), proposal)

    def is_worktree_edited(self) -> bool:
        """Say whether the editable files on the desk differ from the best."""
        return is_edited(self.run, self._best_commit())

    def clear_proposal(self) -> None:
        """Put aside under a ref what an interrupted agent has done to the desk, and put the best back."""
        self._sound_tip(self.best)
        last = next(event for event in reversed(self.events) if event.kind is not EventKind.STOP)
        if last.kind is EventKind.PROPOSE and self.is_worktree_edited():
            ref = put_aside(self.run, last.data["n"], self._best_commit())
            self._say(f"an edit that was interrupted has been put aside: git show {ref}")

    def note_stop(self, reason: str) -> None:
        """Write down why work on the run ends, and who asked for it, if somebody did."""
        asker = asker_of(self.run.stop_file)
        self.note(EventKind.STOP, reason=reason, **({"asked_by": dict(asker)} if asker else {}))

    def note_stop_request(self) -> None:
        """Write down a wish to stop that came while this session worked and held the lock."""
        asker = asker_of(self.run.stop_file) if self.run.stop_file.exists() else {}
        if asker and not any(
            event.kind is EventKind.STOP and event.data.get("asked_by") == asker for event in self.events
        ):
            self.note_stop(ASKED)

    def note(self, kind: EventKind, **data: Any) -> None:
        """Write down what is about to happen, or why something ended."""
        self._append(kind, {**data, "tag": self.run.tag, "at": stamp(self._now())})

    def _test_files(self, files: git.Files, proposal: Proposal) -> Experiment:
        repo, tip, n = self.run.worktree.repo, self._sound_tip(self.best), self.next_n
        code = self._without_old_prediction(self._read({path: files[path] for path in self.run.worktree.editable}))
        hypothesis = one_line(proposal.hypothesis or code.hypothesis or proposal.failure or "an edit")
        commit = git.make_commit(repo, tip, files, f"iter {n}: {hypothesis}\n")
        return self._finish(self._begin(commit, tip, proposal, code))

    def _without_old_prediction(self, code: Code) -> Code:
        """Take away a prediction that stands in the best version already: it was made for that one."""
        if code.prediction is None or self._read_tip(self._best_commit()).prediction != code.prediction:
            return code
        return replace(code, prediction=None)

    def _begin(self, commit: str, parent: str, proposal: Proposal, code: Code) -> Begun:
        cleaned = replace(
            proposal,
            agent=one_line(proposal.agent, NAME_CHARS),
            strategy=one_line(proposal.strategy, NAME_CHARS),
            note=one_line(proposal.note, NOTE_CHARS),
            hypothesis=one_line(proposal.hypothesis or code.hypothesis),
            prediction=code.prediction if proposal.prediction is None else proposal.prediction,
            failure=one_line(proposal.failure),
        )
        begun = Begun(self.next_n, commit, parent, cleaned, code.file_hash, code.chars, stamp(self._now()))
        self._append(EventKind.BEGIN, {**journal.begun_data(begun), "tag": self.run.tag})
        return begun

    def _finish(self, begun: Begun) -> Experiment:
        """Measure, judge, write the verdict down, act on it; measure again where the branch moved meanwhile."""
        for _ in range(MOVES):
            keep_ref(self.run, begun)
            earlier = [experiment for experiment in self.history if experiment.n != begun.n]
            self._record(replace(self._trial.test(begun, earlier), at=stamp(self._now())))
            if settle(self.run, self.history[-1], self.history):
                return self.history[-1]
            begun = self._move_onto_tip(begun)
        raise RatchetError(f"run {self.run.tag}: expected a quiet branch, got one that moves. Stop committing to it.")

    def _record(self, experiment: Experiment) -> None:
        self._append(EventKind.VERDICT, {**journal.verdict_data(experiment), "tag": self.run.tag})
        self.history = [*(old for old in self.history if old.n != experiment.n), experiment]

    def _move_onto_tip(self, begun: Begun) -> Begun:
        """Begin the same experiment again on top of what somebody committed to the branch meanwhile."""
        before = best(experiment for experiment in self.history if experiment.n != begun.n)
        repo, tip = self.run.worktree.repo, self._sound_tip(before)
        files = git.files_of(repo, begun.commit, self.run.worktree.editable)
        commit = git.make_commit(repo, tip, files, f"iter {begun.n}: {begun.proposal.hypothesis}\n")
        again = replace(begun, commit=commit, parent=tip, at=stamp(self._now()))
        self._append(EventKind.BEGIN, {**journal.begun_data(again), "tag": self.run.tag})
        return again

    def _refuse(self, proposal: Proposal, reason: str) -> Experiment:
        """Reject an edit that cannot even be made a commit of, and take it off the desk."""
        tip, refused = self._tip(), replace(proposal, ending=Ending.REJECT, failure=reason)
        begun = self._begin(tip, tip, refused, Code("", 0, ""))
        git.put_back(self.run.worktree.repo, self._best_commit(), self.run.worktree.editable)
        return self._finish(begun)

    def _meet_harness(self) -> None:
        """Write down what measures when it is first met; refuse to go on when it is no longer the same."""
        parts = self._measurer.parts()
        if parts is None:
            return
        if not any(event.kind is EventKind.HARNESS for event in self.events):
            self.note(EventKind.HARNESS, parts=dict(parts))
        check_unchanged(self.run, self.events, parts)
        if journal.latest_analysis(self.events, AUDIT) is None:
            self._keep_audit()

    def _keep_audit(self) -> None:
        """Write down, once a run, what the harness says of its data, where it has something to say."""
        found = self._measurer.audit(self._progress)
        if found is not None:
            self.note(EventKind.ANALYSIS, name=AUDIT, upto=None, answer=dict(found))

    def _append(self, kind: EventKind, data: Mapping[str, Any]) -> None:
        journal.append(self.run.journal, kind, data)
        self.events.append(Event(kind, data))

    def _begun(self, n: int) -> Begun:
        found = (event for event in reversed(self.events) if event.kind is EventKind.BEGIN and event.data["n"] == n)
        return journal.begun_of(next(found).data)

    def _sound_tip(self, top: Experiment | None) -> str:
        """Return the commit to go on from: the branch's, with the best on it whatever somebody has committed."""
        tip = self._tip()
        text = mend_branch(self.run, top, tip) if top else ""
        if not text:
            return tip
        self._say(text)
        return self._tip()

    def _best_commit(self) -> str:
        return self.best.commit if self.best else self._tip()

    def _tip(self) -> str:
        tip = git.resolve(self.run.worktree.repo, self.run.branch)
        if tip is None:
            raise RatchetError(
                f"{self.run.branch}: expected the branch of the run, got none. It was deleted or renamed: "
                f"`git branch autoresearch/{self.run.tag} refs/ratchet/{self.run.tag}/N` brings it back."
            )
        return tip

    def _read(self, files: git.Files) -> Code:
        config = self.run.worktree.config
        return read_code(git.contents(self.run.worktree.repo, files), config.label, config.prediction)

    def _read_tip(self, tip: str) -> Code:
        return self._read(git.files_of(self.run.worktree.repo, tip, self.run.worktree.editable))


@contextlib.contextmanager
def work_on(
    run: Run,
    what: str,
    *,
    screen: Screen,
    should_stop: Callable[[], bool] = lambda: False,
    is_loud: bool = False,
) -> Iterator[Session]:
    """Hold the run's lock and yield a session. Raises RatchetError when somebody else holds it."""
    with lock.hold(run.folder / "lock", what):
        measurer = measurer_of(run, should_stop, is_loud=is_loud)
        try:
            session = Session(run, measurer, now=now, progress=screen.progress, say=screen.say, should_stop=should_stop)
            try:
                yield session
            finally:
                session.note_stop_request()
        finally:
            measurer.close()


def measurer_of(run: Run, should_stop: Callable[[], bool], *, is_loud: bool = False) -> Measurer:
    """Return what measures in this run: its server where the config has one, else its command."""
    if run.worktree.config.serve:
        return ServerMeasurer(run, should_stop, is_loud=is_loud)
    return CommandMeasurer(run, should_stop)


def now() -> datetime:
    """Return this moment, in UTC."""
    return datetime.now(UTC)
