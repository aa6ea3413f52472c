"""What `check` asks before a run: all that `start`, `step` and `loop` would refuse or fail at, without a measurement.

Not covered: what only the measuring command itself can show.
"""

from __future__ import annotations

import ast
import re
import shlex
import shutil
import sys

from ratchet import process
from ratchet.core.config import Rule
from ratchet.engine.agents import BUILTIN, Agent, find_agent
from ratchet.engine.measure import environments_in, user_env
from ratchet.engine.server_client import ServerMeasurer
from ratchet.errors import RatchetError, did_you_mean
from ratchet.process import Budget
from ratchet.repo import git, journal
from ratchet.repo.journal import EventKind
from ratchet.repo.run import BRANCHES, Worktree, check_frozen, check_unchanged, is_under, require_run
from ratchet.repo.sealing import check_seal

CONTRACT = ("feature_fn", "build_pipeline")  # what the built-in agent writes
SCRIPT = re.compile(r"[\w./-]+\.(?:py|sh|bash|js|mjs|cjs|ts|rb|pl|php|R|jl|lua)")


def ready_agent(worktree: Worktree, name: str) -> Agent:
    """Return the agent. Raises RatchetError if it is not installed, or cannot work on this project."""
    agent = find_agent(name)
    if agent.name == BUILTIN:
        _check_contract(worktree)
    return agent


def ready_command(worktree: Worktree, command: str, key: str = "run") -> str:
    """Return a command of the config. Raises RatchetError if a checkout cannot run it."""
    ready_program(worktree, command, key)
    _check_committed(worktree, command, key)
    return command


def ready_program(worktree: Worktree, command: str, key: str) -> str:
    """Return a command of the config. Raises RatchetError if its program is not installed."""
    program = _program(command, key)
    if program and not _is_command(worktree, program):
        raise RatchetError(f"the program {program!r} is not on PATH. Install it, or change {key} in the config.")
    return command


def ready_rule(worktree: Worktree) -> str:
    """Return the rule in force. Raises RatchetError if it can never keep an experiment."""
    config = worktree.config
    if config.rule is Rule.MARGIN and not config.serve:
        raise RatchetError(
            "rule margin compares with a standard error, which only a server (the key serve) measures, so it keeps "
            "nothing. Use strict or confirm."
        )
    return str(config.rule)


def ready_run(worktree: Worktree) -> str:
    """Return the current run, or "" on another branch. Raises RatchetError if the run cannot go on."""
    if not (git.head_branch(worktree.repo) or "").startswith(BRANCHES):
        return ""
    run = require_run(worktree)
    events = journal.read_events(run.journal)
    check_frozen(worktree, run.branch, (*worktree.config.readonly, *worktree.config.setup))
    check_unchanged(run, events)
    check_seal(run.tag, worktree.config, events)
    holder = run.holder_pid()
    if holder is not None:
        return f"{run.tag}; process {holder} works on it"
    if worktree.config.serve and any(event.kind is EventKind.HARNESS for event in events):
        with run.hold("ratchet check"):
            measurer = ServerMeasurer(run)
            try:
                check_unchanged(run, events, measurer.parts())
            finally:
                measurer.close()
    return run.tag


def _check_contract(worktree: Worktree) -> None:
    """Raise RatchetError unless the editable file is a train.py, which is all that the built-in agent can write."""
    if git.resolve(worktree.repo, "HEAD") is None:
        raise RatchetError(
            "agent: the repository has no commit that the built-in agent can read. Commit your files first."
        )
    files = worktree.editable_files("HEAD")
    found = set(CONTRACT)
    for content in git.contents(worktree.repo, git.files_of(worktree.repo, "HEAD", files)).values():
        found &= _functions(content or b"") if len(files) == 1 else set()
    if found != set(CONTRACT):
        raise RatchetError(
            f"agent: the built-in agent writes {' and '.join(CONTRACT)} of one train.py, and "
            f"{', '.join(worktree.config.editable)} has no such functions. Name another agent: --agent claude, or "
            '--agent "COMMAND {prompt}".'
        )


def _functions(content: bytes) -> set[str]:
    try:
        body = ast.parse(content).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return set(CONTRACT)  # a broken train.py is one that it may repair
    return {statement.name for statement in body if isinstance(statement, ast.FunctionDef)}


def _program(command: str, key: str) -> str:
    """Return the program of a command, after variables that it sets; "" if it begins with a construct of the shell."""
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise RatchetError(f"{command!r} is not a line for the shell: {error}. Change {key} in the config.") from None
    program = next((word for word in words if not re.match(r"\w+=", word)), "")
    return program if re.fullmatch(r"[\w./+@-]+", program) else ""


def _is_command(worktree: Worktree, program: str) -> bool:
    """Ask the shell, which also knows its own words, in the environment of a measurement."""
    env = user_env(worktree)
    if sys.platform == "win32":
        return shutil.which(program, path=env.get("PATH")) is not None
    asked = process.run(f"command -v {shlex.quote(program)}", cwd=worktree.root, env=env, budget=Budget(wall_s=10))
    return asked.is_ok


def _check_committed(worktree: Worktree, command: str, key: str) -> None:
    """Raise RatchetError for a file in a command that a checkout lacks: it is not committed, or there is none."""
    committed = git.tree_files(worktree.repo, "HEAD") if git.resolve(worktree.repo, "HEAD") else {}
    linked = [worktree.in_repo(pattern) for pattern in (*worktree.config.link, *environments_in(worktree))]
    is_simple = not re.search(r"\bcd\b|[<>|;&$`*]", command)
    for word in re.split(r"[\s;&|()<>'\"=]+", command):
        path = worktree.in_repo(word.removeprefix("./"))
        if not word or word.startswith(("/", "-")) or path in committed or any(is_under(path, old) for old in linked):
            continue
        if (worktree.root / word).is_file():
            fix = f"`git add {word}`."
            if git.is_ignored(worktree.repo, path):
                fix = (
                    f"git ignores it: add {word.removeprefix('./').partition('/')[0]!r} to the key link of the config."
                )
            raise RatchetError(f"{word}: this file is not committed, and what is measured is a commit. {fix}")
        if is_simple and SCRIPT.fullmatch(word):
            fix = did_you_mean(path, committed) or f"Change {key} in the config."
            raise RatchetError(f"{word}: there is no such file. {fix}")
