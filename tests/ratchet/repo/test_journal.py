"""The truth of a run survives kills, full disks and careless hands."""

import json
import os
import sys
from pathlib import Path

import pytest

from ratchet.core.records import Begun, Experiment, Proposal, Verdict
from ratchet.errors import RatchetError
from ratchet.repo.journal import (
    EventKind,
    append,
    begun_data,
    begun_of,
    experiments,
    read_events,
    read_experiments,
    read_tried,
    read_what_can_be_read,
    verdict_data,
)


def experiment(n: int, verdict: Verdict = Verdict.DISCARD, **rest: object) -> Experiment:
    return Experiment(**{"n": n, "commit": "c", "parent": "p", "verdict": verdict, **rest})


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    path = tmp_path / "run" / "journal.jsonl"
    append(path, EventKind.RUN, {"tag": "first"})
    for n in range(3):
        append(path, EventKind.BEGIN, {"n": n})
        append(
            path, EventKind.VERDICT, verdict_data(experiment(n, metric=0.1 * n, metrics={"auc": 0.1 * n, "none": None}))
        )
    return path


def test_what_was_written_is_read_back(journal: Path) -> None:
    found = read_experiments(journal)
    assert [old.n for old in found] == [0, 1, 2]
    assert found[2] == experiment(2, metric=0.2, metrics={"auc": 0.2, "none": None})
    assert found[2].metrics["none"] is None


def test_a_journal_that_is_not_there_is_empty(tmp_path: Path) -> None:
    assert read_events(tmp_path / "none") == []


@pytest.mark.parametrize("torn", ['{"event": "verd', '{"event": "stop"}', "\x00\x00", "é"])
def test_a_torn_last_line_is_passed_over_and_cut_off(journal: Path, torn: str) -> None:
    whole = journal.read_bytes()
    journal.write_bytes(whole + torn.encode())
    assert len(read_events(journal)) == 7
    append(journal, EventKind.STOP, {"reason": "done"})
    assert journal.read_bytes().startswith(whole)
    assert [event.kind for event in read_events(journal)][-2:] == [EventKind.VERDICT, EventKind.STOP]


@pytest.mark.parametrize(
    "damage",
    [
        *("{broken", "[]", '{"no": "event"}', '{"event": "unknown"}', '{"event": "verdict", "n": 1}', ""),
        *('{"event": "begin"}', '{"event": "begin", "n": "zero"}', '{"event": "begin", "n": -1}'),
        '{"event": "verdict", "n": 1, "commit": "c", "parent": "p", "verdict": "keep", "metric": "abc"}',
        '{"event": "verdict", "n": "one", "commit": "c", "parent": "p", "verdict": "keep"}',
        '{"event": "verdict", "n": 1, "commit": "c", "parent": "p", "verdict": "keep", "metrics": {"auc": NaN}}',
    ],
)
def test_a_line_damaged_in_the_middle_is_named_and_nothing_is_lost(journal: Path, damage: str) -> None:
    lines = journal.read_text().splitlines()
    lines[3] = damage
    journal.write_text("\n".join(lines) + "\n")
    before = journal.read_bytes()
    with pytest.raises(RatchetError, match=r"line 4 is not a valid event"):
        read_experiments(journal)
    assert journal.read_bytes() == before


def test_a_begun_experiment_of_which_something_is_missing_is_reported_in_one_line() -> None:
    with pytest.raises(RatchetError, match=r"the begin event of experiment 3 lacks at, code_chars, commit"):
        begun_of({"n": 3, "parent": "p"})


def test_what_can_be_read_is_read_with_a_warning_for_the_rest(journal: Path) -> None:
    lines = journal.read_text().splitlines()
    lines[2] = "{broken"
    journal.write_text("\n".join(lines) + "\n")
    with pytest.warns(UserWarning, match="line 3"):
        assert [old.n for old in read_what_can_be_read(journal)] == [1, 2]


def test_of_two_verdicts_on_the_same_experiment_the_later_counts(journal: Path) -> None:
    append(journal, EventKind.VERDICT, verdict_data(experiment(2, Verdict.KEEP)))
    assert [(old.n, old.verdict) for old in read_experiments(journal)][-1] == (2, Verdict.KEEP)
    assert len(experiments(read_events(journal))) == 3


def test_keys_of_a_later_version_are_passed_over(journal: Path) -> None:
    append(journal, EventKind.VERDICT, {**verdict_data(experiment(3)), "colour": "blue"})
    assert read_experiments(journal)[-1] == experiment(3)


def test_nan_cannot_be_written(journal: Path) -> None:
    before = journal.read_bytes()
    with pytest.raises(ValueError, match="not JSON compliant"):
        append(journal, EventKind.STOP, {"x": float("nan")})
    assert journal.read_bytes() == before


def test_every_line_is_json_and_nothing_but_ends_with_a_line_end(journal: Path) -> None:
    append(journal, EventKind.STOP, {"reason": "line\nend\u2028\ud800"})
    for line in journal.read_bytes().split(b"\n")[:-1]:
        json.loads(line)
    assert read_events(journal)[-1].kind is EventKind.STOP


@pytest.mark.skipif(sys.platform == "win32", reason="limits of a process are POSIX")
def test_a_full_disk_is_one_clear_line_and_the_journal_goes_on_later(journal: Path) -> None:
    import resource
    import signal

    whole = journal.read_bytes()
    pid = os.fork()
    if pid == 0:
        try:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (len(whole) + 10, len(whole) + 10))
            append(journal, EventKind.STOP, {"reason": "x" * 100})
            os._exit(0)
        except RatchetError as error:
            os._exit(9 if "Free some disk space" in str(error) else 8)
        finally:
            os._exit(7)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 9
    assert journal.read_bytes()[: len(whole)] == whole
    assert len(read_events(journal)) == 7
    append(journal, EventKind.STOP, {"reason": "room again"})
    assert read_events(journal)[-1].data == {"reason": "room again"}


def test_what_is_begun_counts_as_tried(journal: Path) -> None:
    begun = Begun(3, "c", "p", Proposal(hypothesis="an idea", note="its note"), "hash", 7, "now")
    append(journal, EventKind.BEGIN, begun_data(begun))
    *done, last = read_tried(journal)
    assert done == read_experiments(journal)
    assert (last.n, last.hypothesis, last.note, last.metric, last.verdict) == (
        3,
        "an idea",
        "its note",
        None,
        Verdict.DISCARD,
    )
