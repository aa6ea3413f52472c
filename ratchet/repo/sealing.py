"""The sealed test set: what a sealed run may record of a measurement, and whether the test was revealed. Pure.

Covered: numbers named in `audit`, and every output line that matches an audit pattern or begins with "test", never
reach the journal, a table, a view or an agent. Not covered: the command of the config prints them if it is run by hand,
since the run is sealed and not the harness.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ratchet.core.config import Config
from ratchet.core.output_parser import pattern_of
from ratchet.errors import RatchetError
from ratchet.repo.journal import Event, analyses_named

REVEAL, REVEALED = "reveal", "test_auc"  # the analysis, and the number that it reveals
OPENED = "the sealed test was revealed"  # why no experiment may follow
TEST_LINE = re.compile(r"^\s*test", re.IGNORECASE)


def sealed_numbers(numbers: Mapping[str, float | None], config: Config) -> dict[str, float | None]:
    """Return the numbers with None for those named in `audit`."""
    hidden = {source.name for source in config.audit}
    return {name: None if name in hidden else value for name, value in numbers.items()}


def sealed_text(text: str, config: Config) -> str:
    """Return the output of a command without the lines about the held-out rows.

    A number that is not found by a pattern has no line of its own, so then the whole output is dropped.
    """
    if any(not source.grep for source in config.audit):
        return ""
    return sealed_messages(text, config)


def sealed_messages(text: str, config: Config) -> str:
    """Return text, such as stderr, without the lines about the held-out rows."""
    patterns = [TEST_LINE, *(re.compile(pattern_of(source)) for source in config.audit if source.grep)]
    kept = [line for line in text.splitlines() if not any(pattern.search(line) for pattern in patterns)]
    return "".join(f"{line}\n" for line in kept)


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
