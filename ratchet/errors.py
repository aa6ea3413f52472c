"""Errors that a user can fix: one line, `where: what is wrong with which value. Fix.`, and exit status 1."""

import difflib
from collections.abc import Iterable

INTERRUPTED = 130  # exit status after Ctrl-C, as in shells


class RatchetError(Exception):
    """The message is the complete line for the user."""

    exit_status = 1


class LockedError(RatchetError):
    """Another process works on the run."""


class RatchetWarning(UserWarning):
    """What was repaired without being asked: one complete line for the user, who need do nothing."""


def did_you_mean(got: object, known: Iterable[str], *, cutoff: float = 0.6) -> str:
    """Return `Did you mean …?` with the most similar known word, or "" if none is similar."""
    near = difflib.get_close_matches(str(got), list(known), n=1, cutoff=cutoff)
    return f"Did you mean {near[0]}?" if near else ""
