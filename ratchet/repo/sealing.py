"""The sealed test set: whether the test of a run was revealed, and who may see its numbers.

Covered: numbers named in `audit`, and every output line that matches an audit pattern or begins with "test", never
reach the journal, a table, a view or an agent (ratchet/core/output_parser.py drops them). Not covered: the command of
the config prints them if it is run by hand, since the run is sealed and not the harness.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ratchet.core.config import Config
from ratchet.errors import RatchetError
from ratchet.repo.journal import Event, analyses_named

REVEAL, REVEALED = "reveal", "test_auc"  # the analysis, and the number that it reveals
INSIDE = "CLAUDECODE"  # Claude Code sets it, also for a command that the person types into the session
OPENED = "the sealed test was revealed"  # why no experiment may follow


def has_agent_reading() -> bool:
    """Return whether an agent reads what a command prints."""
    return bool(os.environ.get(INSIDE))


def require_person(command: str) -> None:
    """Raise RatchetError where an agent reads what a command prints."""
    if has_agent_reading():
        raise RatchetError(f"{command}: run this in another terminal: the agent reads along here ({INSIDE} is set).")


def reveals(events: Iterable[Event]) -> Sequence[Mapping[str, Any]]:
    """Return the data of every reveal, oldest first."""
    return analyses_named(events, REVEAL)


def opened_rows(events: Iterable[Event]) -> Mapping[int, Mapping[str, Any]]:
    """Return the row of each experiment in the last reveal."""
    openings = reveals(events)
    rows = openings[-1].get("answer", {}).get("rows") if openings else None
    return {int(row["n"]): row for row in rows or [] if isinstance(row, Mapping) and "n" in row}


def is_closed(config: Config, events: Iterable[Event]) -> bool:
    """Say whether the test of the run is sealed and not revealed yet."""
    return config.sealed and not reveals(events)


def is_broken(config: Config, events: Iterable[Event]) -> bool:
    """Say whether the run was sealed and its test has been revealed."""
    return config.sealed and bool(reveals(events))


def check_seal(tag: str, config: Config, events: Sequence[Event]) -> None:
    """Raise RatchetError if a sealed test was revealed: later experiments would not be blind."""
    if is_broken(config, events):
        at = reveals(events)[0].get("at", "")
        raise RatchetError(
            f"run {tag}: the test set was revealed on {at}. Run `uv run ratchet finish`, and start a new run to "
            "experiment blind. A new run on the same table has the same test rows."
        )
