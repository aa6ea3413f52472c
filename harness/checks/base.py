"""The shape of a leak check: what it is called, what it catches, what it costs, how it looks, what to do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from harness.checks.context import Lab


class Cost(StrEnum):
    """When a check runs: always, before anything is run; always, on scores in hand; or on a would-be keep."""

    SOURCE = "source"
    SCORES = "scores"
    REFIT = "refit"


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check saw. `evidence` is one line with the numbers, whether it passed or not."""

    passed: bool
    evidence: str


class Check(Protocol):
    """A module of this folder."""

    NAME: str
    CATCHES: str
    FIX: str
    COST: Cost

    def run(self, lab: Lab) -> Finding:
        """Look, and say what was seen."""
