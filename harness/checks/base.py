"""The interface of a leak check: its name, what it catches, its cost, `run`, and the fix."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from harness.checks.context import CheckContext


class Cost(StrEnum):
    """When a check runs: always, on the source; always, on the scores; or only for a file that would be kept."""

    SOURCE = "source"
    SCORES = "scores"
    REFIT = "refit"


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a file could not be run for a check; `is_transient` if a limit or a signal ended it, so it may be retried."""

    reason: str
    is_timeout: bool = False
    is_transient: bool = False
    n_tries: int = 1
    is_machine: bool = False  # the machine ended it, not the file


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The result of a check. `evidence` is one line with the numbers, also if the check passed.

    With a `failure` the check could not be completed: it has not passed, but it has found no leak either. `fix` is what
    to write instead, where the check knows more than its FIX.
    """

    passed: bool
    evidence: str
    failure: Failure | None = None
    fix: str = ""


def could_not_look(failure: Failure, seen: str = "") -> CheckResult:
    """Return the result of a check that could not be completed, with what it has seen."""
    return CheckResult(False, "; ".join(filter(None, [f"could not be completed: {failure.reason}", seen])), failure)


class Check(Protocol):
    """What every module in CHECKS offers."""

    NAME: str
    CATCHES: str
    FIX: str
    COST: Cost

    def run(self, context: CheckContext) -> CheckResult:
        """Check the file and return the result."""
