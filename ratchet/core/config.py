"""The classes of a config, and its keys with their descriptions. Pure."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum

from ratchet.core.records import Ending, Simplicity

TABLE_ARMS = ("features", "preprocessing", "model family", "hyperparameters", "ensembling", "simplify")
CODE_ARMS = ("algorithm", "data structure", "micro-optimisation", "parallelism", "memory layout", "rewrite")
EXPLORATION = math.sqrt(2)  # the constant of UCB1: Auer, Cesa-Bianchi and Fischer (2002), figure 1
TIMEOUT_S = 600.0
AGENT_TIMEOUT_S = 1800.0
LIKELY = "likely"  # the lossy rule for early_stop
MARGIN_SES = 1.96  # standard errors
AGENT = "builtin"


class Direction(StrEnum):
    """Whether a larger or a smaller value of the metric is better."""

    MAXIMIZE = "maximize"
    MINIMIZE = "minimize"


class Reader(StrEnum):
    """A built-in parser for the output of a well-known tool."""

    PYTEST = "pytest"
    COVERAGE = "coverage"
    HYPERFINE = "hyperfine"


class Stream(StrEnum):
    """The output of `run` in which a number is looked for."""

    BOTH = "both"
    STDOUT = "stdout"
    STDERR = "stderr"


class Rule(StrEnum):
    """The rule that decides whether a better number is kept."""

    STRICT = "strict"
    CONFIRM = "confirm"
    MARGIN = "margin"
    FRONT = "front"
    DOMINATE = "dominate"


@dataclass(frozen=True, slots=True)
class Source:
    """Where to find a number: by `grep`, at a `json` path, by a `reader`, on a `line`, or by a `parse` command.

    The text is the output of `run`, from `stream`, or `file` in the checkout where it ran. `line` counts from 1, or
    with a negative number from the end; 0 means no line. `parse` is a shell line that gets the output on stdin.
    """

    name: str
    grep: str = ""
    json: str = ""
    reader: Reader | None = None
    file: str = ""
    line: int = 0
    parse: str = ""
    stream: Stream = Stream.BOTH


@dataclass(frozen=True, slots=True)
class Metric:
    """A number to improve, and its direction."""

    source: Source
    direction: Direction

    @property
    def name(self) -> str:
        """Its name in every table."""
        return self.source.name


@dataclass(frozen=True, slots=True)
class Constraint:
    """A number with limits: beyond `fail_*` an experiment is rejected, beyond `warn_*` it gets a warning."""

    source: Source
    fail_above: float | None = None
    fail_below: float | None = None
    warn_above: float | None = None
    warn_below: float | None = None

    @property
    def name(self) -> str:
        """Its name in every table."""
        return self.source.name


@dataclass(frozen=True, slots=True)
class Times:
    """A limit relative to the baseline: `2x` is twice its duration."""

    factor: float


@dataclass(frozen=True, slots=True)
class Bandit:
    """Settings of UCB1 over the kinds of idea to try; `directives` says of an arm what to do."""

    arms: tuple[str, ...] = CODE_ARMS
    exploration: float = EXPLORATION
    directives: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Config:
    """The settings of a project, see KEYS. `origin` names the file for messages."""

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
    stream: Stream = Stream.BOTH
    sealed: bool = False
    checks: tuple[str, ...] = ()
    inspect: str = ""
    exits: Mapping[int, Ending] = field(default_factory=dict)
    rule: Rule = Rule.STRICT
    margin: float = MARGIN_SES
    simplicity: Simplicity = Simplicity.NODES
    look_at: float | None = None
    early_stop: bool | str = True
    timeout: float | Times = TIMEOUT_S
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
    web_search: bool = False
    notify: str = ""
    max_iterations: int | None = None
    patience: int | None = None
    bandit: Bandit | None = None
    origin: str = "config"

    @property
    def metric(self) -> Metric:
        """The first metric, shown in tables and plots."""
        return self.metrics[0]

    @property
    def timeout_s(self) -> float:
        """Wall-clock seconds of one measurement, while no baseline says otherwise."""
        return TIMEOUT_S if isinstance(self.timeout, Times) else self.timeout

    @property
    def timeout_factor(self) -> float | None:
        """The limit of one measurement as a multiple of the baseline's duration, or None."""
        return self.timeout.factor if isinstance(self.timeout, Times) else None

    @property
    def sources(self) -> tuple[Source, ...]:
        """Every number to read: metrics, constraints and audit numbers."""
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
    "web_search",
    "notify",
    "max_iterations",
    "patience",
    "bandit",
    "baseline",
    "origin",
}


def frozen_parts(config: Config) -> dict[str, str]:
    """Return a short hash of each key that is frozen during a run because the numbers depend on it."""
    parts = {key: value for key, value in asdict(config).items() if key not in _FREE}
    return {f"config: {key}": _short_hash(json.dumps(value, sort_keys=True)) for key, value in parts.items()}


def _short_hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]


KEYS: Sequence[tuple[str, str]] = (
    ("name", "name of the project"),
    ("editable", "files, folders/ and globs that an experiment may change, new and deleted files in them too"),
    ("readonly", "files, folders/ and globs that are frozen during a run, also inside of an editable folder"),
    ("setup", "files that a run takes from the worktree when it starts and freezes from then on"),
    ("link", "globs of files, and folders, that git ignores and the measured checkout needs"),
    ("run", "the command that measures: a shell line, run in a checkout of the commit"),
    ("serve", "a server that measures one candidate after another (JSON lines; optional)"),
    (
        "metric",
        "a table: name, direction (maximize or minimize; also higher_is_better, lower_is_better), and where the number "
        "is: grep (a pattern; the last match counts), json (a path, in JSON or in JSON lines), reader (pytest, "
        "coverage, hyperfine), line (its number, -1 the last) or parse (a shell line that gets the output on stdin); "
        "default: a line `name: value`, also behind the prefix of a logger",
    ),
    ("metrics", "a list of such tables: a trade-off is kept too, unless a kept experiment is at least as good in all"),
    (
        "constraints",
        "a list of tables: name, where the number is, and fail_above, fail_below, warn_above, warn_below",
    ),
    ("stream", "output of run that holds the numbers: both (default), stdout or stderr; also a key of each number"),
    ("audit", "numbers that are recorded and hidden during the run: names, or tables with name and grep"),
    (
        "sealed",
        "true: the audit numbers are neither shown nor recorded; `ratchet reveal` measures them at the end",
    ),
    ("committee", "builtin, or a command that writes a committee of the best experiments to $RATCHET_FILE"),
    ("checks", "commands that must succeed before a better number is kept"),
    (
        "inspect",
        "a reviewer of edits that would be kept: an agent's name, or a command with {prompt}; it answers keep or "
        "reject: REASON",
    ),
    ("exits", "meaning of an exit status of run: timeout, crash or reject (0 is ok, any other a crash)"),
    (
        "rule",
        "strict (default), confirm (also strictly better on one fresh partition) or margin (above margin standard "
        "errors); for several metrics front (default: kept unless a kept experiment is at least as good in all) or "
        "dominate (no metric worse than in the best so far, and one strictly better)",
    ),
    ("margin", "number of standard errors for rule margin (default 1.96)"),
    (
        "simplicity",
        "what keeps an edit with an equal number (within 1e-6): strictly fewer syntax-tree nodes, or lines in other "
        "files than Python (nodes, default), strictly fewer lines (lines), or nothing (off)",
    ),
    ("look_at", "a suspiciously good value of the metric, at which the loop stops for a look"),
    (
        "early_stop",
        "let the server stop a measurement that can no longer win (default true; the same experiments are kept); "
        "likely: also one that is unlikely to win (saves more time, loses about 1 % of the improvements)",
    ),
    ("timeout", 'wall-clock seconds of one measurement (default 600), or "2x": twice the duration of the baseline'),
    ("cpu_timeout", "CPU seconds of one measurement, summed over the process tree"),
    ("memory_mb", "memory of one measurement in MB, summed over the process tree"),
    ("baseline", "known values, name = number; replaces the first measurement"),
    ("label", "the constant in the editable file with the hypothesis; it does not count as code"),
    (
        "prediction",
        "the constant in the editable file with the predicted change of the metric; it does not count as code",
    ),
    ("description", "regular expression of the output line that describes the experiment"),
    ("reason", "regular expression of the output line with the reason of a failure"),
    ("context", "what an agent should know about the domain"),
    ("agent", "builtin, claude, codex, opencode, gemini, aider, or a command with {prompt}, the path of the prompt"),
    ("agent_timeout", "seconds an agent may take for one edit (default 1800)"),
    ("notify", "a command with {text}, run at the end of a loop and when it fails"),
    ("web_search", "true: an agent may search the web (default false; asked of every agent, enforced for claude)"),
    ("max_iterations", "experiments of one loop (default: no limit)"),
    ("patience", "stop after this many experiments in a row without an improvement"),
    (
        "bandit",
        'true, or {arms = "table", "code", a list, or a table name = "what to do", exploration = 1.41}: UCB1 suggests '
        "what to try",
    ),
)
