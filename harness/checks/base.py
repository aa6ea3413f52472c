"""The shape of a leak check: what it is called, what it catches, what it costs, how it looks, what to do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from harness.checks.context import CheckContext


class Cost(StrEnum):
    """When a check runs: always, before anything is run; always, on scores in hand; or on a would-be keep."""

    SOURCE = "source"
    SCORES = "scores"
    REFIT = "refit"


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a file could not be run for a check. It may be tried again where a limit or a signal ended it."""

    reason: str
    is_timeout: bool = False
    is_transient: bool = False
    n_tries: int = 1


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What a check saw. `evidence` is one line with the numbers, whether it passed or not.

    With a `failure` the check could not look: it has not passed, and it holds nothing against the file either.
    """

    passed: bool
    evidence: str
    failure: Failure | None = None


def could_not_look(failure: Failure, seen: str = "") -> CheckResult:
    """Return what a check says that could not look, or not at everything."""
    return CheckResult(False, "; ".join(filter(None, [f"could not look: {failure.reason}", seen])), failure)


class Check(Protocol):
    """A module of this folder."""

    NAME: str
    CATCHES: str
    FIX: str
    COST: Cost

    def run(self, context: CheckContext) -> CheckResult:
        """Look, and say what was seen."""
