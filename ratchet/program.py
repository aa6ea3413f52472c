"""Texts that instruct an agent: program.md from a config, and a prompt for writing a config. Pure."""

from __future__ import annotations

from ratchet.schema import KEYS, Config, Constraint

INSTRUCTIONS = """# Set this repository up as a ratchet

A ratchet lets an agent edit a few files, measures one number, and keeps an edit only when the number is strictly
better. Write its config.

1. Read the repository. Find a number that its owner would want better, and the smallest set of files that decides it.
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
    """Return a program.md: what an agent may do in this project, and the rule that decides."""
    goals = ", ".join(f"{metric.direction} `{metric.name}`" for metric in config.metrics)
    limits = [_limit_line(constraint) for constraint in config.constraints]
    checks = [f"- `{check}` must pass before an edit is kept." for check in config.checks]
    readonly = ", ".join(f"`{path}`" for path in (*config.readonly, *config.setup)) or "every other file"
    better = "strictly better" if len(config.metrics) == 1 else "no worse in any metric and strictly better in one"
    context = f"\n## The domain\n\n{config.context.strip()}\n" if config.context.strip() else ""
    rules = "\n".join([*limits, *checks])
    return f"""# {config.name}: the program

Goal: {goals}. An edit is kept when its result is {better}; anything else is undone.

## Rules

- Edit {_listed(config.editable)} and nothing else. Frozen: {readonly}.
- Measure with `uv run ratchet step` and with nothing else. It commits, measures that, decides, prints one line.
- One idea an experiment. Do not argue with the verdict, do not use git, never ask whether to go on.
{rules + chr(10) if rules else ""}
## The loop

1. `uv run ratchet start TAG` once: the branch autoresearch/TAG and the baseline. A run that exists is taken up again.
2. `uv run ratchet status`: the best so far, what was tried, hints.
3. Edit. Say why the idea should help before you try it.
4. `uv run ratchet step -m "what and why"`. The files hold the best version again afterwards, whatever the verdict.
5. Report the line it printed, and go back to 2.

CRASHED: one quick fix, then another idea. TIMEOUT: make it smaller. REJECTED: mend the cause, never work around it.
Stop when a human says so or when `uv run ratchet status` says done; then `uv run ratchet finish` reviews the run.
{context}"""


def instruct_text(current: str = "") -> str:
    """Return a prompt that lets an agent find a metric and write the config; `current` is the config that is there."""
    keys = "\n".join(f"- `{key}`: {text}" for key, text in KEYS)
    existing = f"The config as it is now, to review and improve:\n\n```\n{current.rstrip()}\n```" if current else ""
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
