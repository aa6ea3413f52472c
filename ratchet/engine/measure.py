"""Measure a commit: check it out into its own folder, run the command there within budgets, parse the output.

Trusted side of the boundary. Covered: untracked files of the worktree do not affect the measurement; any output and any
exit of the command is a value, not an exception. Not covered: whether the command can be deceived, which is up to the
harness.
"""

from __future__ import annotations

import importlib.metadata
import os
import re
import shutil
import sys
import tempfile
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf
from pathlib import Path
from typing import Any, Protocol

from ratchet import process
from ratchet.core.config import Config, Reader, Source, Stream
from ratchet.core.failure import failure_text
from ratchet.core.output_parser import (
    last_line,
    last_number,
    read_number,
    read_output,
    read_words,
    relative_to,
    sealed_messages,
    sealed_numbers,
    sealed_text,
)
from ratchet.core.records import MACHINE, REASON_CHARS, Ending, Measurement, one_line
from ratchet.errors import RatchetError
from ratchet.process import Budget, Echo, Limit, Outcome
from ratchet.repo import git
from ratchet.repo.run import Run, Worktree

AUDIT = "audit"  # the analysis of its data that a server makes once a run
MARK = "RATCHET_RUN_FOLDER"  # in every process that works for a run, agents too, to find them after a kill
PARTITION = "RATCHET_PARTITION"  # set for the fresh partition of rule confirm
THREAD_LIMITS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")
LOG = "run.log"  # the output of the command, for a `parse` command that looks for it under the field's name
LEAST_WALL_S = 1.0  # a limit relative to the baseline is no shorter: starting a process takes part of it
LOG_CHARS = 64_000  # of each stream in the log of an experiment, from the end
KILLED = (-9, 137)  # by SIGKILL, directly or as a shell reports it
Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A commit to measure, the commit and number to beat, and the partition of the data (0 is the standard one).

    `wall_s` is the limit of its measurement in wall-clock seconds, None for the `timeout` of the config.
    """

    commit: str
    best: str | None = None
    beat: float | None = None
    partition: int = 0
    wall_s: float | None = None


class Measurer(Protocol):
    """Turns a candidate into a measurement."""

    def parts(self) -> Mapping[str, str] | None:
        """Return a hash of each part that the numbers depend on, or None if the engine knows all of them."""
        ...

    def audit(self, progress: Progress) -> Mapping[str, Any] | None:
        """Return an audit of the data before the first measurement, or None."""
        ...

    def measure(self, candidate: Candidate, progress: Progress) -> Measurement:
        """Measure a candidate. Raises KeyboardInterrupt on a stop request."""
        ...

    def close(self) -> None:
        """Stop all processes."""
        ...


class CommandMeasurer:
    """Runs the command of the config in a fresh checkout of each candidate."""

    def __init__(self, run: Run, should_stop: Callable[[], bool] = lambda: False, *, echo: Echo | None = None) -> None:
        self._run = run
        self._should_stop = should_stop
        self._echo = echo

    def parts(self) -> None:
        """Return None, since the engine knows all parts."""

    def audit(self, progress: Progress) -> None:
        """Return None, since a command does not audit its data."""

    def measure(self, candidate: Candidate, progress: Progress) -> Measurement:
        """Measure a candidate by the output and exit status of the command."""
        config = self._run.worktree.config
        place = checkout(self._run, candidate.commit, "tree")
        env = {PARTITION: str(candidate.partition)} if candidate.partition else {}
        wall_s = candidate.wall_s
        outcome = run_command(self._run, config.run, place, self._should_stop, env=env, echo=self._echo, wall_s=wall_s)
        measured = read_outcome(self._run, outcome, place, self._should_stop, wall_s=wall_s)
        return replace(measured, log=log_text(config.run, outcome, config, folder=str(place)))

    def close(self) -> None:
        """Do nothing, since every command has ended."""


def checkout(run: Run, commit: str, name: str, *, keeps_cache: bool = False) -> Path:
    """Check a commit out into a folder of the run, link ignored data into it, return the folder of its config.

    With `keeps_cache`, files that the process in an earlier checkout wrote under the names of `link` stay: there a
    measuring server caches its data. A command that runs the editable files keeps none: its next run begins anew.
    """
    folder, old = run.folder / name, run.folder / f"{name}.old"
    shutil.rmtree(old, ignore_errors=True)
    if folder.exists():
        folder.replace(old)
    folder.mkdir(parents=True, exist_ok=True)
    git.export(run.worktree.repo, commit, folder)
    place = folder / run.worktree.root.relative_to(run.worktree.repo.root)
    link_data(run.worktree, place)
    if keeps_cache:
        _take_cache(old / place.relative_to(folder), place, run.worktree.config.link)
    shutil.rmtree(old, ignore_errors=True)
    return place


def link_data(worktree: Worktree, place: Path) -> None:
    """Link the ignored data that the config names into a checkout, and the environments in its commands."""
    for root in worktree.data_roots:
        for source in _matches(root, worktree.config.link):
            if source.is_file():
                link(source, place / source.relative_to(root))
        folders = [name for name in worktree.config.link if git.GLOB.isdisjoint(name)]
        for name in (*folders, *environments_in(worktree)):
            if (root / name).is_dir():
                link(root / name, place / name)


def environments_in(worktree: Worktree) -> list[str]:
    """Return the folders with packages that commands of the config name, such as `.venv/bin/python bench.py`."""
    config, roots = worktree.config, worktree.data_roots
    words = re.split(r"[\s;&|()<>'\"=]+", " ".join((config.run, config.serve, *config.checks)))
    names = dict.fromkeys(word.removeprefix("./").partition("/")[0] for word in words if "/" in word.removeprefix("./"))
    return [name for name in names if name.strip(".") and any(_holds_packages(root / name) for root in roots)]


def _holds_packages(folder: Path) -> bool:
    return (folder / "pyvenv.cfg").is_file() or (folder.name == "node_modules" and folder.is_dir())


def _take_cache(old: Path, place: Path, patterns: Sequence[str]) -> None:
    """Move the data files that the last measurement made into a new checkout."""
    for source in _matches(old, patterns):
        target = place / source.relative_to(old)
        if not source.is_symlink() and not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            source.replace(target)


def _matches(root: Path, patterns: Sequence[str]) -> list[Path]:
    return [path for pattern in patterns for path in root.glob(pattern)]


def run_command(  # noqa: PLR0913 - what one measurement differs in
    run: Run,
    command: str,
    place: Path,
    should_stop: Callable[[], bool],
    *,
    env: Mapping[str, str] | None = None,
    echo: Echo | None = None,
    wall_s: float | None = None,
) -> Outcome:
    """Run a command of the config in a checkout within the budgets. Raises KeyboardInterrupt on a stop request."""
    config = run.worktree.config
    budget = Budget(
        cpu_s=config.cpu_timeout or inf, wall_s=wall_s or config.timeout_s, memory_mb=config.memory_mb or inf
    )
    outcome = process.run(
        command,
        cwd=place,
        env=measuring_env(run, place) | dict(env or {}),
        budget=budget,
        should_stop=should_stop,
        echo=echo,
    )
    if outcome.stopped_by is Limit.REQUEST:
        raise KeyboardInterrupt
    return outcome


def read_outcome(
    run: Run, outcome: Outcome, place: Path, should_stop: Callable[[], bool], *, wall_s: float | None = None
) -> Measurement:
    """Return the measurement of a command that ended in a checkout, with the numbers of files and `parse` commands."""
    config = run.worktree.config
    texts = {source.file: _read_text(place / source.file) for source in config.sources if source.file}
    parsed: dict[str, float | None] = {}
    for source in config.sources:
        if source.parse and _ending(outcome, config, "", wall_s)[0] is Ending.OK:
            text = texts[source.file] if source.file else _stream_text(outcome, source.stream)
            parsed[source.name] = _parse(run, source.parse, text, place, should_stop)
    return interpret(outcome, config, files=texts, known=parsed, folder=str(place), wall_s=wall_s)


def _parse(run: Run, command: str, text: str, place: Path, should_stop: Callable[[], bool]) -> float | None:
    """Return the number that a `parse` command prints; it gets the text on stdin, and as `run.log` beside the files."""
    log = place / LOG
    if not log.exists():
        log.write_text(text, "utf-8", errors="replace")
    with tempfile.TemporaryDirectory(prefix="ratchet-") as scratch:
        source = Path(scratch) / LOG
        source.write_text(text, "utf-8", errors="replace")
        budget = Budget(wall_s=run.worktree.config.timeout_s)
        outcome = process.run(
            command, cwd=place, env=measuring_env(run, place), budget=budget, stdin=source, should_stop=should_stop
        )
    return last_number(outcome.stdout) if outcome.is_ok else None


def _stream_text(outcome: Outcome, stream: Stream) -> str:
    parts = {Stream.STDOUT: [outcome.stdout], Stream.STDERR: [outcome.stderr]}
    return "".join(
        text if not text or text.endswith("\n") else f"{text}\n"
        for text in parts.get(stream, [outcome.stderr, outcome.stdout])
    )


def measuring_env(run: Run, place: Path | None = None) -> dict[str, str]:
    """Return the environment of a measuring process: the user's, with the folder of the run and its thread limit.

    With the checkout where it will run, paths into the worktree become paths into the checkout.
    """
    threads = dict.fromkeys(THREAD_LIMITS, str(run.threads)) if run.threads else {}
    env = user_env(run.worktree)
    moved = _python_path(env, run.worktree.root, place) if place else {}
    return env | moved | {MARK: str(run.folder)} | threads


def user_env(worktree: Worktree) -> dict[str, str]:
    """Return the environment in which the user typed the command: ours, without what `uv run` put before it.

    A checkout has no environment of uv, which would make a new one there, so uv is given that of the worktree.
    """
    ours = (item for item in os.environ.items() if not item[0].startswith("RATCHET_"))
    env = _without_pyenv({key: value for key, value in ours if not git.OF_ONE_REPO.fullmatch(key)})
    if sys.prefix == sys.base_prefix:
        return env | _uv_env(worktree, env, None)
    own = Path(sys.prefix) if _is_of_project(worktree, env) else None
    before = process.environment_of_uv()
    if before is not None and (own is None or "VIRTUAL_ENV" in before):
        env = _without_pyenv(_without_uv(env, before))
    return env | _uv_env(worktree, env, own)


def _without_uv(env: dict[str, str], before: Mapping[str, str]) -> dict[str, str]:
    """Return the environment without the folder that uv put first on PATH, and with the user's active environment."""
    folders, own = env.get("PATH", "").split(os.pathsep), str(Path(sys.executable).parent)
    if own in folders and own not in before.get("PATH", "").split(os.pathsep):
        folders.remove(own)
    kept = {key: value for key, value in env.items() if key != "VIRTUAL_ENV"}
    active = {"VIRTUAL_ENV": before["VIRTUAL_ENV"]} if before.get("VIRTUAL_ENV") else {}
    return kept | {"PATH": os.pathsep.join(folders)} | active


def _without_pyenv(env: dict[str, str]) -> dict[str, str]:
    """Return the environment with the active environment before the Pythons of pyenv on PATH.

    Where `ratchet` or `uv` is a shim of pyenv, `pyenv exec` puts its Python first, which was not so when it was typed.
    """
    folders = env.get("PATH", "").split(os.pathsep)
    active = next(
        (path for path in folders if env.get("VIRTUAL_ENV") and Path(path).parent == Path(env["VIRTUAL_ENV"])), ""
    )
    versions = str(Path(env.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions")
    first = next((number for number, path in enumerate(folders) if path.startswith(versions)), len(folders))
    if not active or folders.index(active) < first:
        return env
    rest = [path for path in folders if path != active]
    return env | {"PATH": os.pathsep.join([*rest[:first], active, *rest[first:]])}


def _is_of_project(worktree: Worktree, env: Mapping[str, str]) -> bool:
    """Say whether our environment is the project's own: it lies in the repo, or the project is installed in it."""
    ours, repo = Path(sys.prefix), worktree.repo
    if any(ours.is_relative_to(root) for root in (repo.root, repo.main_root)) or ours == _named_env(worktree, env):
        return True
    try:
        table = tomllib.loads((worktree.root / "pyproject.toml").read_text("utf-8"))
        importlib.metadata.distribution(table["project"]["name"])
    except (OSError, ValueError, KeyError, TypeError, importlib.metadata.PackageNotFoundError):
        return False
    return True


def _named_env(worktree: Worktree, env: Mapping[str, str]) -> Path | None:
    named = env.get("UV_PROJECT_ENVIRONMENT")
    return worktree.root / named if named else None


def _uv_env(worktree: Worktree, env: Mapping[str, str], ours: Path | None) -> dict[str, str]:
    """Return the variables with which `uv run` in a checkout takes the environment of the project, as it is."""
    folders = [folder for root in worktree.data_roots for folder in (root, *root.parents)]
    inside = [folder for folder in folders if folder.is_relative_to(worktree.repo.main_root)]
    inside += [folder for folder in folders if folder.is_relative_to(worktree.repo.root)]
    known = [_named_env(worktree, env), ours, *(folder / ".venv" for folder in inside)]
    found = next((str(path) for path in known if path is not None and (path / "pyvenv.cfg").is_file()), None)
    return {"UV_PROJECT_ENVIRONMENT": found, "UV_NO_SYNC": "1"} if found else {}


def _python_path(env: Mapping[str, str], root: Path, place: Path) -> dict[str, str]:
    """Return a PYTHONPATH for a checkout: what the user or an editable install takes from the worktree is taken there.

    Else `import` would find the worktree, which the user or another loop may be editing, and not the commit.
    """
    named = [entry for entry in env.get("PYTHONPATH", "").split(os.pathsep) if entry]
    linked = [folder for folder in _editable_installs(env) if Path(folder) != root]
    moved = [_moved(entry, root, place) for entry in named]
    moved += [there for folder in linked if (there := _moved(folder, root, place)) != folder]
    return {"PYTHONPATH": os.pathsep.join(moved)} if moved != named else {}


def _moved(entry: str, root: Path, place: Path) -> str:
    path = Path(entry)
    is_inside = path.is_absolute() and path.is_relative_to(root) and (place / path.relative_to(root)).is_dir()
    return str(place / path.relative_to(root)) if is_inside else entry


def _editable_installs(env: Mapping[str, str]) -> list[str]:
    """Return the folders of the packages that are installed as links to their source, from the .pth files."""
    python = shutil.which("python3", path=env.get("PATH")) or shutil.which("python", path=env.get("PATH"))
    roots = [
        env.get("VIRTUAL_ENV"),
        env.get("UV_PROJECT_ENVIRONMENT"),
        str(Path(python).parents[1]) if python else None,
    ]
    sites = [site for root in dict.fromkeys(roots) if root for site in Path(root).glob("[Ll]ib/*/site-packages")]
    lines = [line for site in sites for pth in site.glob("*.pth") for line in _read_text(pth).splitlines()]
    return list(dict.fromkeys(line for line in lines if line.startswith("/") or line[1:3] == ":\\"))


def interpret(
    outcome: Outcome,
    config: Config,
    *,
    files: Mapping[str, str] | None = None,
    known: Mapping[str, float | None] | None = None,
    folder: str = "",
    wall_s: float | None = None,
) -> Measurement:
    """Return the measurement of an ended command.

    `files` holds the texts of sources with a file, `known` the numbers that are not parsed from the output: those of a
    server or of a `parse` command. `folder` is where the command ran, `wall_s` the wall-clock limit that held, None for
    that of the config.
    """
    ending, reason = _ending(outcome, config, folder, wall_s)
    texts, known = files or {}, known or {}
    numbers = {
        source.name: known[source.name]
        if source.name in known
        else read_number(texts.get(source.file, ""), source)
        if source.file
        else read_output(outcome.stdout, outcome.stderr, source)
        for source in config.sources
    }
    return Measurement(
        ending=ending,
        numbers=sealed_numbers(numbers, config) if config.sealed else numbers,
        reason=reason,
        hypothesis=_without_nan(read_words(outcome.stdout, config.description)),
        cpu_time_s=known.get("cpu_time_s") or _printed(outcome, "cpu_time_s", outcome.cpu_s),
        wall_time_s=outcome.wall_s
        if config.timeout_factor
        else known.get("wall_time_s") or _printed(outcome, "wall_time_s", outcome.wall_s),
        peak_memory_mb=known.get("peak_memory_mb") or _printed(outcome, "peak_memory_mb", outcome.peak_memory_mb),
        stdout=(sealed_text(outcome.stdout, config) if config.sealed else outcome.stdout)[-4000:],
    )


def _without_nan(words: str) -> str:
    """Return text, or an empty text for `nan`, which marks an absent value."""
    return "" if words == "nan" else words


def _ending(outcome: Outcome, config: Config, folder: str, wall_s: float | None) -> tuple[Ending, str]:
    if outcome.failure:
        return Ending.CRASH, one_line(outcome.failure)
    if outcome.stopped_by is Limit.WALL:
        return Ending.TIMEOUT, limit_text(config, wall_s)
    if outcome.stopped_by is Limit.CPU:
        return Ending.TIMEOUT, f"more than {config.cpu_timeout:g} CPU seconds"
    if outcome.stopped_by is Limit.MEMORY:
        return Ending.CRASH, f"more than {config.memory_mb:g} MB of memory"
    if outcome.stopped_by is not None:
        return Ending.CRASH, "too much output"
    code = outcome.exit_code or 0
    if killed := killed_from_outside(outcome.exit_code):
        return Ending.CRASH, killed
    ending = _exits(config).get(code, Ending.CRASH)
    return ending, "" if ending is Ending.OK else _reason(outcome, config, code, folder)


def limit_text(config: Config, wall_s: float | None) -> str:
    """Return the reason of a timeout: the wall-clock limit that held."""
    if wall_s is None:
        return f"more than {config.timeout_s:g} s"
    return f"more than {wall_s:.3g} s, {config.timeout_factor:g} times the baseline"


def killed_from_outside(exit_code: int | None) -> str:
    """Return the reason if a process that we did not kill ended by SIGKILL, which no code sends itself, else ""."""
    if exit_code not in KILLED:
        return ""
    return f"{MACHINE} the measuring process was killed from outside, as the system does when memory runs out"


def _exits(config: Config) -> Mapping[int, Ending]:
    is_pytest = any(source.reader in {Reader.PYTEST, Reader.COVERAGE} for source in config.sources)
    return {0: Ending.OK, **({1: Ending.OK} if is_pytest else {}), **config.exits}  # pytest: 1 = some tests failed


def _reason(outcome: Outcome, config: Config, code: int, folder: str) -> str:
    """Return the reason of a failure: its own line for it, else what `why_it_failed` finds, else the exit status."""
    printed = read_words(outcome.stdout, config.reason, 2 * REASON_CHARS)
    inside = re.fullmatch(r"\w+\s*\((.*)\)", printed)
    message = one_line(inside.group(1) if inside else printed, REASON_CHARS)
    return message or why_it_failed(outcome, folder) or f"exit status {code}"


def why_it_failed(outcome: Outcome, folder: str) -> str:
    """Return the message with file and line that the output names, else the last line of stderr."""
    return failure_text([outcome.stderr, outcome.stdout], folder) or last_line(outcome.stderr)


def log_text(command: str, outcome: Outcome, config: Config, *, folder: str = "") -> str:
    """Return how a command ended and what it printed: the end of both streams, without audit numbers."""
    how = outcome.failure or (
        f"{outcome.stopped_by} limit" if outcome.stopped_by else f"exit status {outcome.exit_code}"
    )
    is_hiding = config.sealed or bool(config.audit)
    streams = {
        "stdout": sealed_text(outcome.stdout, config) if is_hiding else outcome.stdout,
        "stderr": sealed_messages(outcome.stderr, config) if is_hiding else outcome.stderr,
    }
    parts = [f"--- {name} ---\n{_bounded(relative_to(text, folder))}" for name, text in streams.items() if text]
    return "\n".join([f"$ {command}", f"{how}, {outcome.wall_s:.2f} s", *parts])


def write_log(run: Run, n: int, text: str, *, is_first: bool = True) -> None:
    """Write the log of an experiment, or append to it what a further command printed."""
    path = run.log(n)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w" if is_first else "a", encoding="utf-8", errors="replace") as file:
        file.write(text.rstrip("\n") + "\n")


def read_log(run: Run, n: int) -> str:
    """Return the log of an experiment, or an empty text if it has none."""
    return _read_text(run.log(n))


def _bounded(text: str) -> str:
    if len(text) <= LOG_CHARS:
        return text.rstrip("\n")
    return f"(the first {len(text) - LOG_CHARS} characters are left out)\n{text[-LOG_CHARS:].rstrip()}"


def _printed(outcome: Outcome, name: str, seen: float) -> float | None:
    """Return the value that the command prints, which is more accurate, else the value that we measured."""
    printed = read_number(outcome.stdout, Source(name=name, grep=f"^{name}:", stream=Stream.STDOUT))
    return (seen or None) if printed is None else printed


def _read_text(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace")
    except OSError:
        return ""


def link(source: Path, target: Path) -> None:
    """Link a file or folder into a checkout that lacks it, or copy it where links are not allowed.

    Of a folder that the checkout has, what is missing in it is linked. Raises RatchetError.
    """
    if source.is_dir() and target.is_dir() and not target.is_symlink():
        for inner in source.iterdir():
            link(inner, target / inner.name)
    if target.exists() or not source.exists():
        return
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            target.symlink_to(source.resolve(), target_is_directory=source.is_dir())
        except OSError:  # Windows without the right to make links
            (shutil.copytree if source.is_dir() else shutil.copy2)(source, target)
    except OSError as error:
        raise RatchetError(
            f"{target}: cannot link {source.name} ({error.strerror}). Check link in the config."
        ) from None
