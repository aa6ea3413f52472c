"""The journal of a run: a file of JSON lines, one for each event, appended and synced before the recorded act.

Covered: a torn last line (ignored when read, cut off at the next append), a full disk (one error, nothing lost), a file
that was deleted or cut off (restored from its mirror, which lies where `git clean` deletes nothing).
A damaged line in the middle is an error that names the line; no line is guessed or dropped.
"""

from __future__ import annotations

import errno
import json
import os
import warnings
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from pathlib import Path
from typing import Any, BinaryIO

from ratchet.core.output_parser import is_number
from ratchet.core.records import Begun, Ending, Experiment, Proposal, Verdict
from ratchet.errors import RatchetError

FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
NO_SYNC = {errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP}  # of a folder on 9p (WSL), CIFS and some FUSE file systems


class EventKind(StrEnum):
    """What an event records."""

    RUN = "run"  # a run was started: its tag, base commit and the hashes of its frozen parts
    RESUME = "resume"  # a run was continued: its limits count from here
    HARNESS = "harness"  # hashes of the parts of the measuring server
    PROPOSE = "propose"  # an agent was asked for experiment n
    BEGIN = "begin"  # experiment n is this commit
    VERDICT = "verdict"  # the measurement of experiment n and the decision
    RACE = "race"  # parallel loops start from the best: their tags
    STOP = "stop"  # a loop ended or was asked to: why, and who asked
    ANALYSIS = "study"  # an analysis of the whole run: its name, the last experiment in it, its result
    FINISH = "finish"  # the branch for a pull request points at this commit


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the journal: its kind and its other keys."""

    kind: EventKind
    data: Mapping[str, Any]


def append(path: Path, kind: EventKind, data: Mapping[str, Any], mirror: Path | None = None) -> None:
    """Append an event and sync it to the disk, and to the mirror. Raises RatchetError if the disk refuses the line."""
    line = json.dumps({"event": kind, **data}, ensure_ascii=False, allow_nan=False).encode("utf-8", "replace") + b"\n"
    try:
        if mirror is not None:
            keep_in_step(path, mirror)
        n_bytes = _append_line(path, line)
        if mirror is not None and _size(mirror) == n_bytes:
            _extend(mirror, n_bytes, line)
    except OSError as error:
        fix = "Free some disk space." if error.errno in FULL else "Make the file and its folder writable."
        raise RatchetError(f"{path}: cannot append a line ({error.strerror}). {fix}") from None


def keep_in_step(path: Path, mirror: Path) -> bool:
    """Bring a journal and its mirror to the same lines; return whether the journal was restored. Raises OSError.

    The journal is restored if it is missing or ends earlier than the mirror. A journal that a person repaired is copied
    to the mirror, and the mirror of before is kept beside it. A damaged line never gets into the mirror.
    """
    if _size(path) == _size(mirror):
        return False
    ours, theirs = _sound(path), _sound(mirror)
    if len(ours) < len(theirs) and theirs.startswith(ours):
        _replace(path, theirs)
        return True
    if theirs == ours or not all(map(_is_event, ours[len(theirs) :].splitlines())):
        return False
    if ours.startswith(theirs):
        _extend(mirror, len(theirs), ours[len(theirs) :])
    elif all(map(_is_event, ours.splitlines())):
        _keep_aside(mirror)
        _replace(mirror, ours)
    return False


def read_events(path: Path) -> list[Event]:
    """Return every event, oldest first. Raises RatchetError with the number of a damaged line."""
    return [_event(path, number, line) for number, line in _lines(path)]


def read_experiments(path: Path) -> list[Experiment]:
    """Return every experiment with a verdict, oldest first. Raises RatchetError as `read_events` does."""
    return experiments(read_events(path))


def read_tried(path: Path) -> list[Experiment]:
    """Return every experiment, and each one that has no verdict yet as one without a number.

    For parallel loops, of which none should try what another has begun. Raises RatchetError as `read_events` does.
    """
    events = read_events(path)
    done = experiments(events)
    known = {experiment.n for experiment in done}
    begun = [begun_of(event.data) for event in events if event.kind is EventKind.BEGIN and event.data["n"] not in known]
    return [*done, *(_open_experiment(one) for one in begun)]


def _open_experiment(begun: Begun) -> Experiment:
    proposal = begun.proposal
    return Experiment(
        n=begun.n,
        commit=begun.commit,
        parent=begun.parent,
        verdict=Verdict.DISCARD,
        hypothesis=proposal.hypothesis,
        reason="being measured",
        strategy=proposal.strategy,
        note=proposal.note,
        file_hash=begun.file_hash,
    )


def read_what_can_be_read(path: Path) -> list[Experiment]:
    """Return the experiments of a journal; warn about each damaged line and skip it."""
    events = []
    for number, line in _lines(path):
        try:
            events.append(_event(path, number, line))
        except RatchetError as error:
            warnings.warn(str(error), stacklevel=2)
    return experiments(events)


def experiments(events: Iterable[Event]) -> list[Experiment]:
    """Return the experiments of the verdict events, oldest first; a later verdict replaces an earlier one."""
    found = [_experiment(event.data) for event in events if event.kind is EventKind.VERDICT]
    return list({experiment.n: experiment for experiment in found}.values())


def analyses_named(events: Iterable[Event], name: str) -> list[Mapping[str, Any]]:
    """Return the data of every analysis of that name, oldest first."""
    return [event.data for event in events if event.kind is EventKind.ANALYSIS and event.data.get("name") == name]


def latest_analysis(events: Iterable[Event], name: str) -> Mapping[str, Any] | None:
    """Return the data of the last analysis of that name, or None."""
    found = analyses_named(events, name)
    return found[-1] if found else None


def begun_data(begun: Begun) -> dict[str, Any]:
    """Return the event data of a begun experiment, with the keys of its proposal at the same level."""
    data = asdict(begun)
    proposal = {_WIRE.get(name, name): value for name, value in data.pop("proposal").items()}
    return {**proposal, **data}


def begun_of(data: Mapping[str, Any]) -> Begun:
    """Return the begun experiment of an event. Raises RatchetError if keys are missing."""
    missing = sorted(_BEGUN_FIELDS - _LATER_FIELDS - data.keys())
    if missing:
        raise RatchetError(
            f"journal: the begin event of experiment {data.get('n')} lacks {', '.join(missing)}. "
            "Repair the line or remove it."
        )
    fields_of_proposal = {name: data[key] for name in _PROPOSAL_FIELDS if (key := _WIRE.get(name, name)) in data}
    lists = {key: tuple(data.get(key, ())) for key in ("trespass", "warnings")}
    proposal = Proposal(**{**fields_of_proposal, **lists, "ending": Ending(data.get("ending", Ending.OK))})
    return Begun(proposal=proposal, **{key: data[key] for key in _BEGUN_FIELDS if key in data})


def verdict_data(experiment: Experiment) -> dict[str, Any]:
    """Return the data of the verdict event of an experiment."""
    return asdict(experiment)


_WIRE = {"hypothesis": "description"}  # a proposal's field -> its key in the journal
_FIELDS = frozenset(field.name for field in fields(Experiment))
_PROPOSAL_FIELDS = frozenset(field.name for field in fields(Proposal))
_BEGUN_FIELDS = frozenset(field.name for field in fields(Begun)) - {"proposal"}
_LATER_FIELDS = frozenset({"code_nodes", "code_lines"})  # journals of before lack them


def _experiment(data: Mapping[str, Any]) -> Experiment:
    known = {key: value for key, value in data.items() if key in _FIELDS}
    parsed = {
        "verdict": Verdict(data["verdict"]),
        "ending": Ending(data.get("ending", Ending.OK)),
        "warnings": tuple(data.get("warnings", ())),
    }
    return Experiment(**(known | parsed))


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return
    content = content[: _sound_length(content)]
    yield from enumerate(content.split(b"\n")[:-1], start=1)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _sound(path: Path) -> bytes:
    """Return the whole lines of a file, empty if there is none."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return b""
    return content[: _sound_length(content)]


def _is_event(line: bytes) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def _replace(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.ratchet~")
    temporary.write_bytes(content)
    temporary.replace(path)


def _append_line(path: Path, line: bytes) -> int:
    """Append a line and sync it; return the number of bytes before it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    is_new = not path.exists()
    with path.open("xb" if is_new else "r+b") as file:
        if not is_new:
            _cut_torn_tail(file)
        n_bytes = file.seek(0, os.SEEK_END)
        file.write(line)
        file.flush()
        _sync(file.fileno())
    if is_new:
        _sync_folder(path.parent)
    return n_bytes


def _extend(mirror: Path, n_bytes: int, lines: bytes) -> None:
    """Write lines behind the first bytes of a mirror. Two processes may write the same ones; the journal is synced."""
    mirror.parent.mkdir(parents=True, exist_ok=True)
    with mirror.open("r+b" if mirror.exists() else "xb") as file:
        file.truncate(n_bytes)
        file.seek(n_bytes)
        file.write(lines)


def _keep_aside(mirror: Path) -> None:
    """Rename a mirror that holds other lines than the journal, to journal.jsonl.1, .2 and so on."""
    number = 1
    while (aside := mirror.with_name(f"{mirror.name}.{number}")).exists():
        number += 1
    mirror.replace(aside)


def _sound_length(content: bytes) -> int:
    """Return the number of bytes up to the end of the last whole line; a kill or a full disk leaves a torn tail."""
    return content.rfind(b"\n") + 1


def _cut_torn_tail(file: BinaryIO) -> None:
    """Cut off a torn last line, and leave the file position at the end."""
    if file.seek(0, os.SEEK_END) == 0:
        return
    file.seek(-1, os.SEEK_END)
    if file.read(1) != b"\n":
        file.seek(0)
        file.seek(_sound_length(file.read()))
        file.truncate()


def _event(path: Path, number: int, line: bytes) -> Event:
    try:
        data = json.loads(line)
        event = Event(EventKind(data.pop("event")), data)
        if event.kind is EventKind.VERDICT:
            _check_numbers(_experiment(data))
        if event.kind is EventKind.BEGIN:
            _check_count(data["n"])
    except (ValueError, KeyError, TypeError, AttributeError):
        raise RatchetError(
            f"{path}: line {number} is not a valid event: {line[:60]!r}. Repair the line or remove it."
        ) from None
    return event


def _check_count(n: object) -> None:
    if type(n) is not int or n < 0:
        raise TypeError(n)


def _check_numbers(found: Experiment) -> None:
    """Raise TypeError if a field that must be a number is not one."""
    _check_count(found.n)
    for value in (found.metric, found.prev, found.delta, *found.metrics.values()):
        if value is not None and not is_number(value):
            raise TypeError(value)


def _sync_folder(folder: Path) -> None:
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        _sync(descriptor)
    finally:
        os.close(descriptor)


def _sync(descriptor: int) -> None:
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in NO_SYNC:
            raise
