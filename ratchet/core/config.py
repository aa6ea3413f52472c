"""The nouns of a config, and the list of its keys with what each is for. Pure."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum

from ratchet.core.records import Ending

TABLE_ARMS = ("features", "preprocessing", "model family", "hyperparameters", "ensembling", "simplify")
CODE_ARMS = ("algorithm", "data structure", "micro-optimisation", "parallelism", "memory layout", "rewrite")
EXPLORATION = math.sqrt(2)  # the constant of UCB1: Auer, Cesa-Bianchi and Fischer (2002), figure 1
DEFAULT_CAP = 25  # experiments of one loop, unless told otherwise
TIMEOUT_S = 600.0
AGENT_TIMEOUT_S = 1800.0
LIKELY = "likely"  # the lossy rule for early_stop
MARGIN_SES = 1.96  # standard errors
AGENT = "builtin"


class Direction(StrEnum):
    """Which way a metric gets better."""

    MAXIMIZE = "maximize"
    MINIMIZE = "minimize"


class Reader(StrEnum):
    """A built-in way to find the number in what a well-known tool prints."""

    PYTEST = "pytest"
    COVERAGE = "coverage"
    HYPERFINE = "hyperfine"


class Rule(StrEnum):
    """When a better number is good enough to be kept."""

    STRICT = "strict"
    CONFIRM = "confirm"
    MARGIN = "margin"
    FRONT = "front"


@dataclass(frozen=True, slots=True)
class Source:
    """Where a number stands: on a line that matches `grep`, at a `json` path, or where a `reader` knows to look.

    Read from the output of `run`, or from `file` in the tree where it ran.
    """

    name: str
    grep: str = ""
    json: str = ""
    reader: Reader | None = None
    file: str = ""


@dataclass(frozen=True, slots=True)
class Metric:
    """A number to improve."""

    source: Source
    direction: Direction

    @property
    def name(self) -> str:
        """What it is called in every table."""
        return self.source.name


@dataclass(frozen=True, slots=True)
class Constraint:
    """A number that must stay on its side: `fail_*` rejects an experiment, `warn_*` says so and goes on."""

    source: Source
    fail_above: float | None = None
    fail_below: float | None = None
    warn_above: float | None = None
    warn_below: float | None = None

    @property
    def name(self) -> str:
        """What it is called in every table."""
        return self.source.name


@dataclass(frozen=True, slots=True)
class Bandit:
    """UCB1 over the kinds of idea to try."""

    arms: tuple[str, ...] = CODE_ARMS
    exploration: float = EXPLORATION


@dataclass(frozen=True, slots=True)
class Config:
    """What turns a repo into a ratchet. `origin` says where it was read, for messages."""

    name: str
    editable: tuple[str, ...]
    run: str
    metrics: tuple[Metric, ...]
    readonly: tuple[str, ...] = ()
    setup: tuple[str, ...] = ()
    link: tuple[str, ...] = ()
    serve: str = ""
    constraints: tuple[Constraint, ...] = ()
    audit: tuple[Source, ...] = ()
    sealed: bool = False
    checks: tuple[str, ...] = ()
    inspect: str = ""
    exits: Mapping[int, Ending] = field(default_factory=dict)
    rule: Rule = Rule.STRICT
    margin: float = MARGIN_SES
    look_at: float | None = None
    early_stop: bool | str = True
    timeout: float = TIMEOUT_S
    cpu_timeout: float | None = None
    memory_mb: float | None = None
    baseline: Mapping[str, float] = field(default_factory=dict)
    label: str = ""
    prediction: str = ""
    description: str = ""
    reason: str = ""
    context: str = ""
    agent: str = AGENT
    committee: str = AGENT
    agent_timeout: float = AGENT_TIMEOUT_S
    max_iterations: int | None = None
    patience: int | None = None
    bandit: Bandit | None = None
    origin: str = "config"

    @property
    def metric(self) -> Metric:
        """The first metric: the one that tables and plots show."""
        return self.metrics[0]

    @property
    def sources(self) -> tuple[Source, ...]:
        """Every number to read, each name once."""
        return (
            *(metric.source for metric in self.metrics),
            *(constraint.source for constraint in self.constraints),
            *self.audit,
        )


_FREE = {
    "name",
    "context",
    "agent",
    "committee",
    "agent_timeout",
    "max_iterations",
    "patience",
    "bandit",
    "baseline",
    "origin",
}


def frozen_parts(config: Config) -> dict[str, str]:
    """Return a short hash of each key that may not change during a run, since it decides what a number means."""
    parts = {key: value for key, value in asdict(config).items() if key not in _FREE}
    return {f"config: {key}": _short_hash(json.dumps(value, sort_keys=True)) for key, value in parts.items()}


def _short_hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]


KEYS: Sequence[tuple[str, str]] = (
    ("name", "what the project is called"),
    ("editable", "files that an experiment may change"),
    ("readonly", "files and directories/ that nobody changes during a run"),
    ("setup", "files that a run takes as they are on the desk when it starts, frozen after that"),
    ("link", "globs of files ignored by git that must be visible where the commit is measured"),
    ("run", "the command that measures: a shell line, run in a checkout of the commit"),
    ("serve", "a command that measures again and again without starting anew (JSON lines; optional)"),
    (
        "metric",
        "a table: name, direction (maximize or minimize), and grep, json or reader (pytest, coverage, hyperfine)",
    ),
    ("metrics", "a list of such tables: better means Pareto dominance"),
    ("constraints", "a list of tables: name, grep, json or reader, and fail_above, fail_below, warn_above, warn_below"),
    ("audit", "numbers to record and never to show while the run goes on: names, or tables with name and grep"),
    (
        "sealed",
        "true: the audit numbers are neither shown nor written down; `ratchet reveal` opens them once, at the end",
    ),
    ("committee", "builtin, or a command that writes a committee of the best experiments into $RATCHET_FILE"),
    ("checks", "commands that must pass before a better number is kept"),
    (
        "inspect",
        "a second look at what would be kept: an agent's name, or a command with {prompt}; it says keep or reject: why",
    ),
    ("exits", "what an exit status of run means: timeout, crash or reject (0 is ok, any other a crash)"),
    (
        "rule",
        "strict (default), confirm (strict again on one fresh partition), margin (delta above margin standard errors), "
        "or front (several metrics: what no kept one dominates)",
    ),
    ("margin", "how many standard errors for rule margin (default 1.96)"),
    ("look_at", "a value of the metric so good that the loop stops for a look"),
    (
        "early_stop",
        "let the server end a measurement that can no longer win (default true; the kept set is the same); "
        "likely: also one that hardly can (saves more, and loses about 1 % of the improvements)",
    ),
    ("timeout", "wall-clock seconds of one measurement (default 600)"),
    ("cpu_timeout", "CPU seconds of one measurement, whole process tree"),
    ("memory_mb", "memory of one measurement, whole process tree"),
    ("baseline", "known values, name = number: spares the first measurement"),
    ("label", "the constant in the editable file that names the idea; it does not count as code"),
    (
        "prediction",
        "the constant in the editable file that foretells the metric's change; it does not count as code",
    ),
    ("description", "regular expression of the output line that describes the experiment"),
    ("reason", "regular expression of the output line that says why it failed"),
    ("context", "what an agent should know of the domain"),
    ("agent", "builtin, claude, codex, opencode, gemini, aider, or a command with {prompt}, the path of the prompt"),
    ("agent_timeout", "seconds that the agent may take for one edit (default 1800)"),
    ("max_iterations", "experiments of one loop (default 25)"),
    ("patience", "stop after so many experiments in a row without an improvement"),
    ("bandit", 'true, or {arms = "table", "code" or a list, exploration = 1.41}: UCB1 suggests what to try'),
)
