"""What a study gets to work with: the table, split and warm, and what the ratchet asked for.

A study answers one question about a whole run, or makes something of its winner; measuring one file is not a study.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol, TypeAlias

from harness.audit.finding import Finding
from harness.errors import UserError
from harness.measure import Bench
from harness.tables.table import Table

Request: TypeAlias = Mapping[str, Any]  # JSON from the ratchet, which is trusted; the files that it names are not
Answer: TypeAlias = Mapping[str, Any]


class Instruments(Protocol):
    """A table, split, with warm processes to measure on it: prepare.py's Harness."""

    table: Table
    parts: dict[str, str]  # what the fingerprint is made of
    sandbox: str  # what is enforced on this machine

    @property
    def on_progress(self) -> Callable[[str], None]:
        """Say what is going on: a study that says nothing for long is taken for dead."""
        ...

    @property
    def fingerprint(self) -> str:
        """Eight characters that name everything but train.py that a number depends on."""
        ...

    def bench(self, partition: int = 0) -> Bench:
        """Return the place where one partition of the rows is measured; 0 is the one that decides."""
        ...

    def audit(self) -> list[Finding]:
        """Look at the table for leaks, with the split that is in force; the worst finding first."""
        ...


Study: TypeAlias = Callable[[Instruments, Request], Answer]


def experiments(request: Request) -> list[tuple[int, Path]]:
    """Return the number and the train.py of every experiment that the request tells of, oldest first."""
    return [(int(one["n"]), Path(one["file"])) for one in request["experiments"]]


def path_of(request: Request, name: str) -> Path:
    """Return a path that the request must name. Raises UserError."""
    if not request.get(name):
        raise UserError(f"study: expected a path as {name}, got none. Ask by the ratchet's commands.")
    return Path(request[name])
