"""Texts for agents: the prompt of one experiment, program.md, and a prompt for writing a config. Pure.

Audit numbers never enter them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from ratchet.core.bandit import directive
from ratchet.core.config import KEYS, Config, Constraint, Direction, Rule
from ratchet.core.records import LINE_CHARS, Experiment, Simplicity, Verdict, best, one_line, unchanged_in_a_row
from ratchet.core.stop_rules import since_gain
from ratchet.core.text import STATUS_WORDS, evidence_text, number_text

SHOWN_EXPERIMENTS = 20
CODE_CHARS = 60_000  # of editable files in a prompt
AVOIDED = 5
LOG_LINES = 20  # of the output of a crash
PLATEAU = 5  # experiments in a row without a gain
RADICAL = 10  # experiments in a row without a gain, after which only something else may help
STREAK = 3  # failures in a row


def write_prompt(  # noqa: PLR0913 - all but the first three are options
    config: Config,
    history: Sequence[Experiment],
    files: Mapping[str, str],
    arm: str = "",
    last_edit: str = "",
    last_log: str = "",
    elsewhere: Sequence[Experiment] = (),
) -> str:
    """Return the prompt of one experiment.

    `files` is the best code by path, `last_edit` the last patch, `last_log` the output of its measurement if that
    crashed, `elsewhere` what parallel loops have tried.
    """
    parts = [
        _task(config, history),
        _context(config),
        _code(files),
        _history(config, history),
        _elsewhere(elsewhere),
        _last_attempt(history, last_edit),
        _last_output(last_log),
        _hints(config, history, arm),
        _ending(config),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def hints(config: Config, history: Sequence[Experiment]) -> list[str]:
    """Return hints from the history: a plateau, failures in a row, the largest gain, ideas to avoid."""
    tried = [experiment for experiment in history if experiment.n > 0]
    found = [
        _plateau_hint(tried),
        _streak_hint(tried),
        _no_change_hint(config, tried),
        _gain_hint(config, tried),
        _avoid_hint(tried),
    ]
    return [hint for hint in found if hint]


def _task(config: Config, history: Sequence[Experiment]) -> str:
    incumbent = best(history)
    goals = ", ".join(f"{metric.direction} {metric.name}" for metric in config.metrics)
    now = f" The best so far is {number_text(incumbent.metric)} (iter {incumbent.n})." if incumbent else ""
    return (
        f"# {config.name}: one experiment\n\n"
        f"Goal: {goals}.{now} {rule_text(config)} Any other edit is undone.\n"
        f"Edit only: {', '.join(config.editable)}. Try one idea, the smallest edit that tests it, then stop.\n"
        "Do not run the measurement and do not use git; the ratchet does both when you are done.\n"
        f"{'You may search the web.' if config.web_search else 'Do not search the web.'}"
    )


def rule_text(config: Config) -> str:
    """Return the rule in force in words."""
    several = "no worse in any metric and strictly better in one"
    better = "strictly better than the best so far" if len(config.metrics) == 1 else several
    texts = {
        Rule.CONFIRM: f"when its result is {better}, and again on one fresh partition of the data",
        Rule.MARGIN: f"when its result is better by more than {config.margin:g} standard errors of the difference",
        Rule.FRONT: "unless an earlier kept experiment is at least as good in every metric, so a trade-off is kept",
    }
    kept = texts.get(config.rule, f"when its result is {better}")
    return f"Rule {config.rule}: an edit is kept {kept}.{_tie_text(config)}"


def _tie_text(config: Config) -> str:
    texts = {
        Simplicity.NODES: "from simpler code: strictly fewer syntax-tree nodes in Python (names, numbers, strings and "
        "comments count for nothing), strictly fewer lines in other files",
        Simplicity.LINES: "from strictly fewer lines",
    }
    is_used = config.rule is not Rule.FRONT and config.simplicity in texts
    return f" An equal result (within 1e-6) is kept {texts[config.simplicity]}." if is_used else ""


def _context(config: Config) -> str:
    return f"## The domain\n\n{config.context.strip()}" if config.context.strip() else ""


def _code(files: Mapping[str, str]) -> str:
    """Show the files from the first one on, up to CODE_CHARS, and name the others."""
    shown: list[str] = []
    left = CODE_CHARS
    for path, text in files.items():
        left -= len(text)
        if (left >= 0 or not shown) and "\0" not in text:
            shown.append(path)
    parts = [f"## {path} as it is now (the best so far)\n\n```\n{files[path]}\n```" for path in shown]
    others = [f"- {path}" for path in files if path not in shown]
    return "\n\n".join(
        [*parts, *(["## More editable files, not shown here\n\n" + "\n".join(others)] if others else [])]
    )


def _history(config: Config, history: Sequence[Experiment]) -> str:
    if not history:
        return ""
    shown = history[-SHOWN_EXPERIMENTS:]
    head = f"## What was tried ({len(history) - 1} experiments after the baseline)"
    rows = [_history_row(experiment) for experiment in shown]
    return "\n".join([head, "", *([f"(the last {len(shown)})"] if len(shown) < len(history) else []), *rows])


def _elsewhere(elsewhere: Sequence[Experiment]) -> str:
    """Name what the run and its other loops have tried, in a race."""
    tried = [experiment for experiment in elsewhere if experiment.hypothesis and experiment.n > 0]
    if not tried:
        return ""
    rows = [_history_row(experiment).partition(": ")[2] for experiment in tried[-SHOWN_EXPERIMENTS:]]
    return "\n".join(["## What was tried elsewhere in this run: do not repeat it", "", *(f"- {row}" for row in rows)])


def _history_row(experiment: Experiment) -> str:
    value = number_text(experiment.metric) or "no number"
    evidence = evidence_text(experiment)
    reason = f" ({one_line(experiment.reason)})" if experiment.reason else ""
    arm = f" [{experiment.strategy}]" if experiment.strategy else ""
    shown = f"{value} ({evidence})" if evidence else value
    return f"- iter {experiment.n}: {shown} {STATUS_WORDS[experiment.verdict]}{reason}{arm} — {experiment.hypothesis}"


def _last_attempt(history: Sequence[Experiment], last_edit: str) -> str:
    if not last_edit or not history or history[-1].n == 0:
        return ""
    last = history[-1]
    return f"## The last attempt: {STATUS_WORDS[last.verdict]}\n\n```diff\n{last_edit.rstrip()}\n```"


def _last_output(last_log: str) -> str:
    """Return the last lines of the output of a crash, which hold its traceback."""
    lines = [line[:LINE_CHARS] for line in last_log.splitlines() if line.strip()][-LOG_LINES:]
    if not lines:
        return ""
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", last_log)), default=0))
    return "\n".join(["## The end of its output", "", fence, *lines, fence])


def _hints(config: Config, history: Sequence[Experiment], arm: str) -> str:
    found = hints(config, history)
    if arm:
        what = directive(arm, config.bandit) if config.bandit else ""
        found.append(f"This time try an idea of this kind: {arm}.{f' {what}' if what else ''}")
    return "\n".join(["## Hints", "", *(f"- {hint}" for hint in found)]) if found else ""


def _ending(config: Config) -> str:
    lines = [_constraint_line(constraint) for constraint in config.constraints]
    if config.checks:
        lines.append(f"- these must pass: {'; '.join(config.checks)}")
    limits = "## Limits\n\n" + "\n".join(lines) + "\n\n" if lines else ""
    if config.label:
        named = f"Set {config.label} to one line that says what you try and why it should help.\n"
    else:
        named = "Print one line `description: WHAT`, at most 200 characters: what you tried and why it should help.\n"
    if config.prediction:
        named += f"Set {config.prediction} to the change of {config.metric.name} that you expect, such as +0.003.\n"
    return (
        f"{limits}## When you are done\n\n{named}"
        "Print one line `strategy: KIND` and, if you want to remember something, one line `note: TEXT`."
    )


def _constraint_line(constraint: Constraint) -> str:
    limits = (
        ("must not be above", constraint.fail_above),
        ("must not be below", constraint.fail_below),
        ("should not be above", constraint.warn_above),
        ("should not be below", constraint.warn_below),
    )
    return f"- {constraint.name} " + ", ".join(f"{words} {limit:g}" for words, limit in limits if limit is not None)


def _plateau_hint(tried: Sequence[Experiment]) -> str:
    since = since_gain(tried)
    if since >= RADICAL:
        return (
            f"No gain in {since} experiments: small changes have stopped helping. Try something radical: another "
            "approach from the ground up, the opposite of what was tried, or two near misses together."
        )
    return f"No gain in {since} experiments: try another kind of idea." if since >= PLATEAU else ""


def _streak_hint(tried: Sequence[Experiment]) -> str:
    streak = 0
    for experiment in reversed(tried):
        if experiment.verdict not in {Verdict.CRASH, Verdict.TIMEOUT, Verdict.REJECT} or experiment.is_machine_fault:
            break
        streak += 1
    return f"The last {streak} experiments gave no number: make a smaller, safer edit." if streak >= STREAK else ""


def _no_change_hint(config: Config, tried: Sequence[Experiment]) -> str:
    streak = unchanged_in_a_row(tried)
    files = ", ".join(config.editable)
    return f"The last {streak} experiments changed nothing: edit {files} before measuring." if streak > 1 else ""


def _gain_hint(config: Config, tried: Sequence[Experiment]) -> str:
    kept = [experiment for experiment in tried if experiment.verdict is Verdict.KEEP and experiment.delta]
    if not kept:
        return ""
    sign = 1 if config.metric.direction is Direction.MAXIMIZE else -1
    top = max(kept, key=lambda experiment: sign * (experiment.delta or 0.0))
    return f"The largest gain so far was iter {top.n}: {one_line(top.hypothesis)}. A similar idea may help."


def _avoid_hint(tried: Sequence[Experiment]) -> str:
    """Name recent ideas that did not help, except repeated code and hypotheses that were also kept."""
    kept = {one_line(experiment.hypothesis, 80) for experiment in tried if experiment.verdict.advances}
    judged = [old for old in tried if not old.is_machine_fault]
    failed = [old for old in judged if not old.verdict.advances and old.reused is None and old.hypothesis]
    names = dict.fromkeys(one_line(old.hypothesis, 80) for old in reversed(failed))
    worst = [name for name in names if name not in kept][:AVOIDED][::-1]
    return f"These did not help recently, do not repeat them: {'; '.join(worst)}." if worst else ""


INSTRUCTIONS = """# Set this repository up as a ratchet

A ratchet lets an agent edit a few files, measures one number, and keeps an edit only when the number is strictly
better. Write its config.

1. Read the repository. Find a number that its owner wants to improve, and the smallest set of files that affects it.
2. Write a command that prints that number on a line of its own, `name: value`, in under a minute, the same each time:
   fixed seeds, fixed inputs, several repeats where time is measured. It must not be among the editable files.
3. Find what must not get worse (tests, correctness, memory) and make it a constraint or a check.
4. Write `[tool.ratchet]` in pyproject.toml, or a ratchet.yaml with the same keys, then run `uv run ratchet check`.
5. Commit, then `uv run ratchet start first`: experiment 0 is the baseline."""
EXAMPLE = """[tool.ratchet]
name = "sorting"
editable = ["sort.py"]
readonly = ["benchmark.py"]
run = "python benchmark.py"
checks = ["python -m pytest -q"]
timeout = 60

[tool.ratchet.metric]
name = "throughput"
grep = "^throughput:"
direction = "maximize"

[[tool.ratchet.constraints]]
name = "correctness"
grep = "^correctness:"
fail_below = 100
"""


def program_text(config: Config) -> str:
    """Return a program.md: the rules for an agent in this project, and the rule that decides."""
    goals = ", ".join(f"{metric.direction} `{metric.name}`" for metric in config.metrics)
    limits = [_limit_line(constraint) for constraint in config.constraints]
    checks = [f"- `{check}` must pass before an edit is kept." for check in config.checks]
    readonly = ", ".join(f"`{path}`" for path in (*config.readonly, *config.setup)) or "every other file"
    context = f"\n## The domain\n\n{config.context.strip()}\n" if config.context.strip() else ""
    rules = "\n".join([*limits, *checks])
    return f"""# {config.name}: the program

Goal: {goals}. {rule_text(config)} Any other edit is undone.

## Rules

- Edit {_listed(config.editable)} and nothing else. Frozen: {readonly}.
- Measure with `uv run ratchet step` and with nothing else. It commits, measures, decides and prints one line.
- One idea an experiment. Do not argue with the verdict, do not use git, never ask whether to go on.
{rules + chr(10) if rules else ""}
## The loop

1. `uv run ratchet start TAG` once: the branch autoresearch/TAG and the baseline. An existing run is continued.
2. `uv run ratchet status`: the best so far, what was tried, hints.
3. Edit. Say why the idea should help before you try it.
4. `uv run ratchet step -m "what and why"`. It restores the best version of the files, whatever the verdict.
5. Report the printed line, and go back to 2.

CRASHED: one quick fix, then another idea. TIMEOUT: make it smaller. REJECTED: fix the cause, never work around it.
Stop when a human says so or when `uv run ratchet status` says done; then `uv run ratchet finish` reviews the run.
{context}"""


def instruct_text(current: str = "") -> str:
    """Return a prompt with which an agent finds a metric and writes the config; `current` is the existing config."""
    keys = "\n".join(f"- `{key}`: {text}" for key, text in KEYS)
    existing = f"Review and improve the current config:\n\n```\n{current.rstrip()}\n```" if current else ""
    parts = [INSTRUCTIONS, f"## The keys\n\n{keys}", f"## An example\n\n```toml\n{EXAMPLE}```", existing]
    return "\n\n".join(part for part in parts if part)


def _limit_line(constraint: Constraint) -> str:
    limits = (
        ("rejected above", constraint.fail_above),
        ("rejected below", constraint.fail_below),
        ("warned above", constraint.warn_above),
        ("warned below", constraint.warn_below),
    )
    return f"- `{constraint.name}`: " + ", ".join(f"{words} {limit:g}" for words, limit in limits if limit is not None)


def _listed(paths: tuple[str, ...]) -> str:
    return ", ".join(f"`{path}`" for path in paths)
