"""Call an agent: a child process that edits the worktree. A failure is part of the experiment, not an exception.

Untrusted side of the boundary: its edit, output, exit status and leftover processes are all input.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shlex
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from pathlib import Path

from ratchet import process
from ratchet.core.output_parser import last_line, read_words
from ratchet.core.records import NOTE_CHARS, Ending, Proposal, one_line
from ratchet.core.spending import Report, read_report
from ratchet.engine.measure import MARK, user_env
from ratchet.engine.scope import look_around, put_scene_back
from ratchet.errors import RatchetError, did_you_mean
from ratchet.process import Budget, Limit, Outcome
from ratchet.repo import git
from ratchet.repo.run import Run

BUILTIN = "builtin"
AT_LIMIT = "agent: usage limit: "  # begins the failure of an agent whose provider gives it no more for now
WEB = "WebFetch WebSearch"  # the tools of claude that reach the web
DESCRIPTION = r"^[\s>#*`-]*[Dd]escription[*`\s]*:[*`\s]*"  # as agents write it, in Markdown or not
PRESETS: Mapping[str, str] = {
    # Each edits without asking, reads the prompt from a file or from stdin, and has no further rights.
    # {prompt} is the path of the prompt, {files} the editable files, {rules} an edit rule for each of them.
    # JSON says what the agent used.
    "claude": "claude --print --output-format json "
    "--allowedTools {rules} --disallowedTools Bash WebFetch WebSearch < {prompt}",
    "codex": "codex exec --json --sandbox workspace-write --skip-git-repo-check - < {prompt}",
    "opencode": "opencode run < {prompt}",
    "gemini": "gemini --output-format json --approval-mode auto_edit < {prompt}",
    "aider": "aider --message-file {prompt} --yes-always --no-auto-commits --no-dirty-commits --no-gitignore {files}",
}

SHELL_WORDS = frozenset({"cd", "if", "for", "while", "case", "set", "export", "exec", "eval"})

PRESET_ENV: Mapping[str, Mapping[str, str]] = {
    # gemini refuses to edit in a folder that is not trusted, and nobody is there to confirm it.
    "gemini": {"GEMINI_CLI_TRUST_WORKSPACE": "true"},
}


@dataclass(frozen=True, slots=True)
class Agent:
    """The author of edits: a name for the journal, and a shell line with placeholders such as {prompt}."""

    name: str
    command: str


@dataclass(frozen=True, slots=True)
class AgentTask:
    """A task for an agent: experiment n, the prompt, the suggested kind of idea ("" for any), a seed.

    In a race also the number of the loop, and the journals that hold what was tried elsewhere.
    """

    n: int
    prompt: str
    strategy: str = ""
    seed: int = 0
    number: int = 0
    journals: tuple[Path, ...] = ()


def find_agent(text: str) -> Agent:
    """Return the agent with a preset name, or one that runs a command. Raises RatchetError if it is not installed."""
    if text == BUILTIN:
        if importlib.util.find_spec("researcher") is None:
            raise RatchetError(
                "agent: the built-in agent is part of the template repository and is not installed here. "
                'Name another agent: --agent claude, or --agent "COMMAND {prompt}".'
            )
        return Agent(BUILTIN, _join([sys.executable, "-m", "researcher"]))
    if text not in PRESETS:
        _check_command(text)
        return Agent(one_line(text, 60), text)
    return preset_agent("agent", text, PRESETS, "Install it, or --agent builtin.")


def _check_command(text: str) -> None:
    """Raise RatchetError if the first word of a command is a plain name and no such program exists."""
    first = text.split()[0] if text.split() else ""
    if re.fullmatch(r"[\w.-]+", first) and shutil.which(first) is None and first not in SHELL_WORDS:
        known = [BUILTIN, *PRESETS]
        fix = did_you_mean(first, known) or "Install it, or --agent builtin."
        raise RatchetError(f"agent: {text!r} is not a command, nor one of {', '.join(known)}. {fix}")


def preset_agent(role: str, name: str, commands: Mapping[str, str], fix: str = "Install it.") -> Agent:
    """Return the agent of that name. Raises RatchetError, which names the role, if it is not installed."""
    if shutil.which(name) is None:
        raise RatchetError(f"{role} {name}: the command {name} is not on PATH. {fix}")
    return Agent(name, commands[name])


def call(
    agent: Agent, task: AgentTask, run: Run, should_stop: Callable[[], bool], *, echo: process.Echo | None = None
) -> Proposal:
    """Let the agent edit the worktree, and return its proposal. Raises KeyboardInterrupt on a stop request."""
    worktree = run.worktree
    tip = git.resolve(worktree.repo, run.branch) or "HEAD"
    before = git.edited(worktree.repo, tip, worktree.frozen)
    files = worktree.names_of(worktree.editable_files(tip))
    scene = look_around(worktree, tip) if agent.name != BUILTIN else None  # ours writes its one file
    prompt = run.folder / "prompt.md"
    prompt.parent.mkdir(parents=True, exist_ok=True)  # an agent may have deleted it
    prompt.write_text(task.prompt, "utf-8")
    outcome = process.run(
        fill_marks(_with_web(agent, is_allowed=worktree.config.web_search), prompt, files, worktree.config.editable),
        cwd=worktree.root,
        env={**PRESET_ENV.get(agent.name, {}), **user_env(worktree), **_task_env(task, run, next(iter(files), ""))},
        budget=Budget(wall_s=worktree.config.agent_timeout, output_mb=inf),
        stdin=None if "{prompt}" in agent.command else prompt,
        should_stop=should_stop,
        echo=echo,
    )
    keep_log(run, str(task.n), outcome)
    strayed = put_scene_back(run, task.n, scene) if scene else ""
    if outcome.stopped_by is Limit.REQUEST:
        raise KeyboardInterrupt
    trespass = [path for path in git.edited(worktree.repo, tip, worktree.frozen) if path not in before]
    report = read_report(outcome.stdout, outcome.stderr, has_failed=not outcome.is_ok)
    ending, failure = _failure(outcome, report, worktree.config.agent_timeout)
    return Proposal(
        agent=agent.name,
        strategy=read_words(report.answer, r"^strategy:") or task.strategy,
        hypothesis=read_words(report.answer, DESCRIPTION).rstrip("*` "),
        note=read_words(report.answer, r"^note:", NOTE_CHARS),
        ending=ending,
        failure=failure,
        trespass=tuple(trespass),
        warnings=(*_warnings(outcome), *([strayed] if strayed else [])),
        tokens=report.tokens,
        cost_usd=report.cost_usd,
    )


def _with_web(agent: Agent, *, is_allowed: bool) -> str:
    """Return the command of an agent, with the right to search the web if the config gives it."""
    if not is_allowed or agent.command != PRESETS["claude"]:
        return agent.command
    return agent.command.replace(f"--disallowedTools Bash {WEB}", f"{WEB} --disallowedTools Bash")


def fill_marks(command: str, prompt: Path, files: Sequence[str], scope: Sequence[str] = ()) -> str:
    """Return a shell line with {prompt}, {files} and {rules} replaced; `scope` is the editable of the config."""
    rules = [f"Edit(/{entry}{'**' if entry.endswith('/') else ''})" for entry in scope]
    words = {"{prompt}": [str(prompt)], "{files}": files, "{rules}": rules}
    for mark, value in words.items():
        command = command.replace(mark, _join(value))
    return command


def keep_log(run: Run, name: str, outcome: Outcome) -> None:
    """Save the output of an agent, so that a person can see why it failed."""
    folder = run.folder / "agent"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.log").write_text(f"{outcome.stdout}\n--- stderr ---\n{outcome.stderr}", "utf-8")


def _task_env(task: AgentTask, run: Run, file: str) -> dict[str, str]:
    return {
        MARK: str(run.folder),
        "RATCHET_TAG": run.tag,
        "RATCHET_JOURNAL": str(run.journal),
        "RATCHET_FILE": file,
        "RATCHET_N": str(task.n),
        "RATCHET_STRATEGY": task.strategy,
        "RATCHET_SEED": str(task.seed),
        "RATCHET_PROMPT": str(run.folder / "prompt.md"),
        "RATCHET_LOOP": str(task.number),
        "RATCHET_OTHER_JOURNALS": os.pathsep.join(map(str, task.journals)),
    }


def _join(words: Sequence[str]) -> str:
    """Return words as one line, quoted for the shell of the platform."""
    return " ".join(f'"{word}"' for word in words) if sys.platform == "win32" else shlex.join(words)


def _failure(outcome: Outcome, report: Report, timeout_s: float) -> tuple[Ending, str]:
    if outcome.failure:
        return Ending.CRASH, f"agent: {outcome.failure}"
    if outcome.stopped_by is Limit.WALL:
        return Ending.TIMEOUT, f"agent: more than {timeout_s:g} s"
    if report.limit:
        return Ending.CRASH, f"{AT_LIMIT}{report.limit}"
    if outcome.exit_code == 0:
        return Ending.OK, ""
    message = last_line(outcome.stderr) or report.error or last_line(report.answer) or "no output"
    return Ending.CRASH, f"agent: exit status {outcome.exit_code}: {message}"


def _warnings(outcome: Outcome) -> tuple[str, ...]:
    left = outcome.left_behind
    return (f"the agent left {left} process{'es' if left > 1 else ''} running; killed",) if left else ()
