"""A series of experiments in one process: from the edit in the worktree to the verdict and its consequences.

The journal is written before every act, and every act is safe to repeat. After a kill at any instant, `Session.resume`
reaches the state that the run would have reached without it.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ratchet import process
from ratchet.core.records import NOTE_CHARS, Begun, Ending, Experiment, Proposal, Verdict, best, one_line
from ratchet.core.source_code import Code, read_code
from ratchet.engine.measure import AUDIT, MARK, CommandMeasurer, Measurer, Progress
from ratchet.engine.server_client import ServerMeasurer
from ratchet.engine.signals import ASKED, asker_of
from ratchet.engine.trial import Trial, is_edited, is_pending, keep_ref, mend_branch, put_aside, settle
from ratchet.errors import RatchetError
from ratchet.repo import git, journal
from ratchet.repo.journal import Event, EventKind
from ratchet.repo.run import Run, check_editable, check_unchanged, stamp
from ratchet.repo.sealing import check_seal

if TYPE_CHECKING:
    from ratchet.engine.loop import Screen

MOVES = 5  # of the branch during one experiment, before we give up
NAME_CHARS = 60  # of a strategy or an agent


@dataclass(frozen=True, slots=True)
class Parallel:
    """The place among parallel loops: its number, the journals of the others, and the right to choose an idea."""

    number: int = 0
    journals: tuple[Path, ...] = ()
    turn: contextlib.AbstractContextManager[object] = field(default_factory=contextlib.nullcontext)


class Session:
    """An open run. Only one process has it at a time, because it holds the lock of the run."""

    def __init__(  # noqa: PLR0913 - all but run and measurer are options
        self,
        run: Run,
        measurer: Measurer,
        *,
        now: Callable[[], datetime],
        progress: Progress = lambda _: None,
        say: Callable[[str], None] = lambda _: None,
        should_stop: Callable[[], bool] = lambda: False,
        echo: process.Echo | None = None,
    ) -> None:
        self.run = run
        self._measurer = measurer
        self._progress = progress
        self.echo = echo
        self._trial = Trial(run, measurer, progress, should_stop, echo)
        self._now = now
        self._say = say
        self.events = journal.read_events(run.journal)
        self.history = journal.experiments(self.events)
        self.best = best(self.history)  # the experiment at the tip of the branch
        self.left_since: float | None = None  # when the process began that was killed while it worked on the run
        self.parallel = Parallel()

    @property
    def next_n(self) -> int:
        """The number of the next experiment."""
        return 1 + max((event.data["n"] for event in self.events if event.kind is EventKind.BEGIN), default=-1)

    def resume(self) -> list[Experiment]:
        """Finish the experiment that was interrupted, if any, and return it in a list.

        Raises RatchetError if the config, the frozen files or the harness changed since the run started.
        """
        process.sweep(MARK, self._folders())  # before the worktree is read: an agent that is left may edit it
        check_unchanged(self.run, self.events)
        if self.run.worktree.config.sealed:
            check_seal(self.run.tag, self.run.worktree.config, self.events)
        self._meet_harness()
        last = next(
            (event for event in reversed(self.events) if event.kind in {EventKind.BEGIN, EventKind.VERDICT}), None
        )
        if last is not None and last.kind is EventKind.BEGIN:
            return [self._finish(journal.begun_of(last.data))]
        if last is not None and not settle(self.run, self.history[-1], self.history, is_again=True):
            return [self._finish(self._move_onto_tip(self._begun(last.data["n"])))]
        self.clear_proposal()
        return []

    def finish_step(self) -> list[Experiment]:
        """Resume, and return the experiments whose line an interrupted step did not print.

        It may have been interrupted after the verdict: before its consequences, or before its line.
        """
        last = self.history[-1] if self.history else None
        is_unread = last is not None and (self._was_left(last) or is_pending(self.run, self.history))
        finished = self.resume()
        if not finished and last is not None and is_unread and last.n > 0 and not self.is_worktree_edited():
            return [last]
        return finished

    def _was_left(self, experiment: Experiment) -> bool:
        begun = datetime.fromisoformat(self._begun(experiment.n).at).timestamp()
        return self.left_since is not None and begun >= int(self.left_since)

    def baseline(self) -> Experiment:
        """Measure the tip of the branch as experiment 0, or take its numbers from the config."""
        tip = self._tip()
        return self._finish(self._begin(tip, tip, Proposal(), self._read_tip(tip)))

    def adopt_baseline(self, source: Experiment) -> Experiment:
        """Reuse an experiment of another run with the same files as experiment 0 of this run."""
        tip = self._tip()
        begun = self._begin(tip, tip, Proposal(), self._read_tip(tip))
        same = replace(source, n=0, commit=tip, parent=tip, verdict=Verdict.BASELINE, file_hash=begun.file_hash)
        self._record(replace(same, prev=None, delta=None, reason="", strategy="", at=begun.at))
        settle(self.run, self.history[-1], self.history)
        return self.history[-1]

    def step(self, proposal: Proposal | None = None, has_begun: Callable[[], None] = lambda: None) -> Experiment:
        """Measure the edit in the worktree, decide, act on the verdict, and restore the best in the worktree.

        `has_begun` is called before the measurement, when the journal holds the proposal.
        """
        worktree, proposal = self.run.worktree, proposal or Proposal()
        paths = worktree.editable_files(self._best_commit())
        try:
            for path in paths:
                check_editable(worktree, path)
        except RatchetError as error:
            return self._refuse(proposal, str(error))
        files = git.store_worktree_files(worktree.repo, [*paths, *proposal.trespass], self._best_commit())
        return self._test_files(files, proposal, has_begun)

    def graft(self, source: Experiment, proposal: Proposal) -> Experiment:
        """Measure the files of an experiment of another run on top of this branch, and keep them if they are better."""
        repo, paths = self.run.worktree.repo, self.run.worktree.editable_files(source.commit, self._best_commit())
        return self._test_files(git.files_of(repo, source.commit, paths), proposal)

    def is_worktree_edited(self) -> bool:
        """Say whether the editable files in the worktree differ from the best."""
        return is_edited(self.run, self._best_commit())

    def clear_proposal(self) -> None:
        """Save the edit of an interrupted agent under a ref, and restore the best in the worktree."""
        self._sound_tip(self.best)
        last = next(event for event in reversed(self.events) if event.kind is not EventKind.STOP)
        if last.kind is EventKind.PROPOSE and self.is_worktree_edited():
            ref = put_aside(self.run, last.data["n"], self._best_commit())
            files = " ".join(self.run.worktree.config.editable)
            self._say(
                f"The edit of an agent that was interrupted is put aside: `git show {ref}`; "
                f"`git restore --source {ref} {files}` takes it up again."
            )

    def note_stop(self, reason: str) -> None:
        """Record why work on the run ends, and who asked for it, if anybody did."""
        asker = asker_of(self.run.stop_file)
        self.note(EventKind.STOP, reason=reason, **({"asked_by": dict(asker)} if asker else {}))

    def note_stop_request(self) -> None:
        """Record a stop request that arrived while this session held the lock."""
        asker = asker_of(self.run.stop_file) if self.run.stop_file.exists() else {}
        if asker and not any(
            event.kind is EventKind.STOP and event.data.get("asked_by") == asker for event in self.events
        ):
            self.note_stop(ASKED)

    def note(self, kind: EventKind, **data: Any) -> None:
        """Record what is about to happen, or why something ended."""
        self._append(kind, {**data, "tag": self.run.tag, "at": stamp(self._now())})

    def _test_files(
        self, files: git.Files, proposal: Proposal, has_begun: Callable[[], None] = lambda: None
    ) -> Experiment:
        repo, tip, n = self.run.worktree.repo, self._sound_tip(self.best), self.next_n
        code = self._without_old_prediction(
            self._read({path: held for path, held in files.items() if path not in proposal.trespass})
        )
        hypothesis = one_line(proposal.hypothesis or code.hypothesis or proposal.failure or "an edit")
        commit = git.make_commit(repo, tip, files, f"iter {n}: {hypothesis}\n")
        begun = self._begin(commit, tip, proposal, code)
        has_begun()
        return self._finish(begun)

    def _without_old_prediction(self, code: Code) -> Code:
        """Drop a prediction that the best version contains too, since it was made for that version."""
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
        at, size = stamp(self._now()), code.size
        begun = Begun(
            self.next_n,
            commit,
            parent,
            cleaned,
            code.file_hash,
            code.chars,
            at,
            code_nodes=size.nodes,
            code_lines=size.lines,
        )
        self._append(EventKind.BEGIN, {**journal.begun_data(begun), "tag": self.run.tag})
        return begun

    def _finish(self, begun: Begun) -> Experiment:
        """Measure, judge, record the verdict and act on it; repeat if the branch moved meanwhile."""
        for _ in range(MOVES):
            keep_ref(self.run, begun)
            earlier = [experiment for experiment in self.history if experiment.n != begun.n]
            self._record(replace(self._trial.test(begun, earlier), at=stamp(self._now())))
            if settle(self.run, self.history[-1], self.history):
                return self.history[-1]
            begun = self._move_onto_tip(begun)
        raise RatchetError(
            f"run {self.run.tag}: the branch moved {MOVES} times during one experiment. Stop committing to it."
        )

    def _record(self, experiment: Experiment) -> None:
        self._append(EventKind.VERDICT, {**journal.verdict_data(experiment), "tag": self.run.tag})
        self.run.save_files()
        self.history = [*(old for old in self.history if old.n != experiment.n), experiment]
        self.best = best(self.history)

    def _move_onto_tip(self, begun: Begun) -> Begun:
        """Begin the same experiment again on top of the commits that the branch received meanwhile."""
        before = best(experiment for experiment in self.history if experiment.n != begun.n)
        repo, tip = self.run.worktree.repo, self._sound_tip(before)
        files = git.files_of(repo, begun.commit, self.run.worktree.editable_files(begun.commit, tip))
        commit = git.make_commit(repo, tip, files, f"iter {begun.n}: {begun.proposal.hypothesis}\n")
        again = replace(begun, commit=commit, parent=tip, at=stamp(self._now()))
        self._append(EventKind.BEGIN, {**journal.begun_data(again), "tag": self.run.tag})
        return again

    def _refuse(self, proposal: Proposal, reason: str) -> Experiment:
        """Reject an edit that cannot be committed, and restore the best in the worktree."""
        tip, refused = self._tip(), replace(proposal, ending=Ending.REJECT, failure=reason)
        begun = self._begin(tip, tip, refused, Code("", 0, ""))
        best_commit = self._best_commit()
        git.put_back(self.run.worktree.repo, best_commit, self.run.worktree.editable_files(best_commit))
        return self._finish(begun)

    def _meet_harness(self) -> None:
        """Record the parts of the harness at the first contact; raise RatchetError if they changed since."""
        parts = self._measurer.parts()
        if parts is None:
            return
        if not any(event.kind is EventKind.HARNESS for event in self.events):
            self.note(EventKind.HARNESS, parts=dict(parts))
        check_unchanged(self.run, self.events, parts)
        if journal.latest_analysis(self.events, AUDIT) is None:
            self._keep_audit()

    def _keep_audit(self) -> None:
        """Record the data audit of the harness, once a run, if the harness has one."""
        found = self._measurer.audit(self._progress)
        if found is not None:
            self.note(EventKind.ANALYSIS, name=AUDIT, upto=None, answer=dict(found))

    def _folders(self) -> list[str]:
        """Return the folders of the run and of its parallel loops, which mark the processes that work for them."""
        subruns = [tag for event in self.events if event.kind is EventKind.RACE for tag in event.data["lanes"]]
        return [str(self.run.folder), *(str(replace(self.run, tag=tag).folder) for tag in subruns)]

    def _append(self, kind: EventKind, data: Mapping[str, Any]) -> None:
        if restored := self._restored():
            self._say(restored)
        self.run.record(kind, data)
        self.events.append(Event(kind, data))

    def _restored(self) -> str:
        """Restore what an agent deleted of the run; return a sentence about it, or ""."""
        with contextlib.suppress(OSError):  # the next line of the journal reports the disk
            return self.run.restore()
        return ""

    def _begun(self, n: int) -> Begun:
        found = (event for event in reversed(self.events) if event.kind is EventKind.BEGIN and event.data["n"] == n)
        return journal.begun_of(next(found).data)

    def _sound_tip(self, top: Experiment | None) -> str:
        """Return the tip of the branch, after restoring the best on it if the user committed something else."""
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
                f"{self.run.branch}: the branch of the run does not exist. "
                f"`git branch autoresearch/{self.run.tag} refs/ratchet/{self.run.tag}/N` restores it, where N is the "
                "last kept experiment."
            )
        return tip

    def _read(self, files: git.Files) -> Code:
        config = self.run.worktree.config
        return read_code(
            git.contents(self.run.worktree.repo, files), config.label, config.prediction, config.simplicity
        )

    def _read_tip(self, tip: str) -> Code:
        return self._read(git.files_of(self.run.worktree.repo, tip, self.run.worktree.editable_files(tip)))


@contextlib.contextmanager
def work_on(
    run: Run,
    what: str,
    *,
    screen: Screen,
    should_stop: Callable[[], bool] = lambda: False,
    is_loud: bool = False,
) -> Iterator[Session]:
    """Lock the run and yield a session. Raises RatchetError if another process holds the lock."""
    echo = (lambda text: sys.stderr.write(text)) if is_loud else None  # looked up late: a status line replaces it
    left_since = run.left_since()
    with run.hold(what) as note:
        for text in filter(None, (note, process.blindness())):
            screen.say(text)
        measurer = measurer_of(run, should_stop, echo=echo)
        try:
            session = Session(
                run, measurer, now=now, progress=screen.progress, say=screen.say, should_stop=should_stop, echo=echo
            )
            session.left_since = left_since
            try:
                yield session
            finally:
                session.note_stop_request()
        finally:
            measurer.close()


def measurer_of(run: Run, should_stop: Callable[[], bool], *, echo: process.Echo | None = None) -> Measurer:
    """Return the measurer of the run: its server if the config has one, else its command."""
    if run.worktree.config.serve:
        return ServerMeasurer(run, should_stop, echo=echo)
    return CommandMeasurer(run, should_stop, echo=echo)


def now() -> datetime:
    """Return the current time in UTC."""
    return datetime.now(UTC)
