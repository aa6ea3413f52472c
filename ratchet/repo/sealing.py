"""The sealed test: what a sealed run may write down of a measurement, and whether its seal has been broken. Pure.

Covered: numbers named in `audit` and every output line that an audit pattern matches or that begins with "test" never
reach the journal, a table, a view or an agent. Not covered: the command of the config itself, which prints them to
whoever runs it by hand: the seal is the run's, not the harness's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ratchet.core.config import Config
from ratchet.errors import RatchetError
from ratchet.repo.journal import Event, analyses_named

REVEAL, REVEALED = "reveal", "test_auc"  # the study, and the number that it opens
OPENED = "the sealed test has been opened"  # why nothing can follow
TEST_LINE = re.compile(r"^\s*test", re.IGNORECASE)


def sealed_numbers(numbers: Mapping[str, float | None], config: Config) -> dict[str, float | None]:
    """Return the numbers with the audited ones taken out."""
    hidden = {source.name for source in config.audit}
    return {name: None if name in hidden else value for name, value in numbers.items()}


def sealed_text(text: str, config: Config) -> str:
    """Return what a command printed without what tells of the held-out rows.

    Where an audited number stands inside JSON or is found by a reader, no line tells of it alone: nothing is left.
    """
    if any(source.json or source.reader for source in config.audit):
        return ""
    patterns = [TEST_LINE, *(re.compile(source.grep) for source in config.audit if source.grep)]
    kept = [line for line in text.splitlines() if not any(pattern.search(line) for pattern in patterns)]
    return "".join(f"{line}\n" for line in kept)


def reveals(events: Iterable[Event]) -> Sequence[Mapping[str, Any]]:
    """Return every opening of the test, oldest first."""
    return analyses_named(events, REVEAL)


def opened_rows(events: Iterable[Event]) -> Mapping[int, Mapping[str, Any]]:
    """Return what the last opening of the test said of each experiment."""
    openings = reveals(events)
    rows = openings[-1].get("answer", {}).get("rows") if openings else None
    return {int(row["n"]): row for row in rows or [] if isinstance(row, Mapping) and "n" in row}


def is_closed(config: Config, events: Iterable[Event]) -> bool:
    """Say whether the run's test is sealed and nobody has opened it."""
    return config.sealed and not reveals(events)


def is_broken(config: Config, events: Iterable[Event]) -> bool:
    """Say whether the run was sealed and has been opened: what is tried from then on is tried with the test in view."""
    return config.sealed and bool(reveals(events))


def check_seal(tag: str, config: Config, events: Sequence[Event]) -> None:
    """Raise RatchetError where a sealed test has been opened: no experiment may follow what it showed."""
    if is_broken(config, events):
        at = reveals(events)[0].get("at", "")
        raise RatchetError(
            f"run {tag}: expected a sealed test, got one that was opened ({at}): what is tried now is tried with it in "
            "view. `uv run ratchet finish` ends the run. A new run on the same table is tested on the same rows."
        )
