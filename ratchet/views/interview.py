"""Ask a person for a config, question by question, and show what would be written."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

import click

from ratchet.core.config import KEYS
from ratchet.core.config_file import DIRECTIONS
from ratchet.core.draft import Draft, limit_of, seconds_of, where_of
from ratchet.core.recognise import direction_of, listed

T = TypeVar("T")
EXTRACTION = "where the number is (name: value, grep:PATTERN, json:PATH, line:N, reader:TOOL, parse:COMMAND)"
SIMPLICITY = ("nodes", "lines", "off")


def ask_all(draft: Draft, agent: str) -> Draft:
    """Return the draft after a person has answered every question; an empty answer takes the default."""
    goal = _ask("goal, in one sentence", draft.context or "-", str)
    editable = _ask("scope: files, folders/ and globs that may change", ", ".join(draft.editable), _paths)
    readonly = listed(_ask("frozen files and folders/ (- for none)", ", ".join(draft.readonly) or "-", str))
    run = _ask("command that measures", draft.run, _text)
    metric = _ask("name of the metric", draft.metric, _text)
    where = _ask(EXTRACTION, _where(draft), str)
    guess = draft.direction if metric == draft.metric else direction_of(metric)
    direction = _ask("direction", guess, _direction)
    limits = _ask("constraints, such as errors <= 0, memory_mb <= 500 (- for none)", "-", _limits)
    timeout = _ask("budget of one measurement, such as 600 s, 5 min or 2x", str(draft.timeout), _seconds)
    count = _ask("budget of a loop in experiments (- for no limit)", "-", _count)
    simplicity = ""
    if any(key == "simplicity" for key, _ in KEYS):
        simplicity = _ask(f"simplicity: what breaks a tie ({', '.join(SIMPLICITY)})", SIMPLICITY[0], _simplicity)
    return replace(
        draft,
        context="" if goal == "-" else goal,
        editable=editable,
        readonly=() if readonly == ("-",) else readonly,
        run=run,
        metric=metric,
        where=None if where == "name: value" else where_of(where),
        direction=direction,
        constraints=limits,
        timeout=timeout,
        max_iterations=count,
        agent=agent,
        simplicity=simplicity,
        web_search=click.confirm("may an agent search the web?", default=False, err=True),
        because={},
    )


def is_agreed(question: str) -> bool:
    """Ask for a yes; the end of the input is a no."""
    try:
        return click.confirm(question, default=False, err=True)
    except click.Abort:
        click.echo(err=True)
        return False


def table_lines(rows: Sequence[tuple[str, str, str]]) -> list[str]:
    """Return rows of field, value and reason as aligned lines, the value wrapped."""
    width = max(len(key) for key, _, _ in rows)
    space = max(30, shutil.get_terminal_size((110, 24)).columns - width - 3)
    lines = []
    for key, value, reason in rows:
        shown = f"{value}   ({reason})" if reason else value
        first, *rest = textwrap.wrap(shown, space) or [""]
        lines += [f"{key:<{width}}  {first}", *(" " * (width + 2) + line for line in rest)]
    return lines


def _ask(question: str, default: str, parse: Callable[[str], T]) -> T:
    """Ask until the answer can be understood."""
    answer: T = click.prompt(question, default=default or None, value_proc=parse, err=True, show_default=bool(default))
    return answer


def _where(draft: Draft) -> str:
    return f"{draft.where[0]}:{draft.where[1]}" if draft.where else "name: value"


def _text(answer: str) -> str:
    if not answer.strip():
        raise click.UsageError("an answer is needed")
    return answer.strip()


def _paths(answer: str) -> tuple[str, ...]:
    return listed(_text(answer))


def _direction(answer: str) -> str:
    word = answer.strip().lower()
    meant = str(DIRECTIONS.get(word, word))
    if meant not in {"maximize", "minimize"}:
        raise click.UsageError("maximize or minimize")
    return meant


def _limits(answer: str) -> tuple[tuple[str, str, float], ...]:
    found = [limit_of(part) for part in answer.split(",") if part.strip() not in {"", "-"}]
    if None in found:
        raise click.UsageError("write each as NAME <= NUMBER or NAME >= NUMBER, with commas between them")
    return tuple(limit for limit in found if limit is not None)


def _seconds(answer: str) -> float | str:
    found = seconds_of(answer)
    if found is None:
        raise click.UsageError("write 600, 5 min or 2x")
    return found


def _count(answer: str) -> int | None:
    if answer.strip() in {"", "-"}:
        return None
    if not answer.strip().isdigit() or int(answer) == 0:
        raise click.UsageError("write a number above 0, or -")
    return int(answer)


def _simplicity(answer: str) -> str:
    if answer.strip() not in SIMPLICITY:
        raise click.UsageError(f"one of {', '.join(SIMPLICITY)}")
    return answer.strip()
